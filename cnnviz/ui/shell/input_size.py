"""The size of the square that a network is shown, on every page that runs or reads one."""

from collections.abc import Sequence

import streamlit as st

from cnnviz.nets.catalog import ModelSpec, catalog_entry
from cnnviz.nets.trained import trained_sizes
from cnnviz.ui import cache
from cnnviz.ui.widgets.controls import pop_set_value, register_control

_USUAL = 224


def choose_side(model: ModelSpec, sides: Sequence[int], key: str) -> int:
    """The side of the square that the network is shown; only sizes that it takes can be chosen."""
    wanted = _wanted(model, sides)
    fitting = sides_of(model, sides)
    state, memory = st.session_state, _memory_of(key)
    preset = pop_set_value(key)
    if preset is not None:
        state[memory] = preset
    nearest = _nearest(fitting, state.get(memory, state.get(key, _USUAL)))
    if len(fitting) == 1:
        st.markdown(f"Input size: **{_times(nearest)}**")
        register_control(key, _USUAL)
        chosen = nearest
    else:
        if state.get(key, nearest) != nearest:
            state[key] = nearest
        chosen = st.select_slider(
            "Input size",
            fitting,
            _nearest(fitting, _USUAL),
            format_func=_times,
            key=key,
            bind="query-params",
            on_change=_remember,
            args=(key,),
        )
        state.setdefault(memory, chosen)
    st.caption(input_text(model, fitting, wanted))
    return chosen


def sides_of(model: ModelSpec, sides: Sequence[int]) -> tuple[int, ...]:
    """Those of some sizes that a network takes, and those that its weights were trained for."""
    return tuple(cache.networks.sizes_of(model.name, _wanted(model, sides), model.weights).sides)


def _wanted(model: ModelSpec, sides: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted({*sides, *trained_sizes(model.name)}))


def _memory_of(key: str) -> str:
    return f"_{key}_wanted"


def _remember(key: str) -> None:
    """Remember the size that the user chose, for the next network that takes it."""
    st.session_state[_memory_of(key)] = st.session_state[key]


def _nearest(sides: Sequence[int], wanted: int) -> int:
    return min(sides, key=lambda side: abs(side - wanted))


def _times(side: int) -> str:
    return f"{side}×{side}"


def input_text(model: ModelSpec, fitting: Sequence[int], wanted: Sequence[int]) -> str:
    """What the network is shown, and why some sizes are not offered."""
    colours = "brightness" if catalog_entry(model.name).input_shape[1] == 1 else "colours"
    said = f"Shown: the square in the middle, its {colours} from 0 to 1"
    wants = model.source.normalisation if model.source else None
    if wants is not None:
        mean, deviation = (", ".join(f"{v:g}" for v in three) for three in (wants.mean, wants.std))
        said += f", less {mean} and divided by {deviation} (red, green, blue), as in training"
    said += "."
    missing = [side for side in wanted if side not in fitting]
    if not missing:
        return said
    if len(fitting) == 1:
        return f"{said} {model.label} is built for this size alone."
    return f"{said} {model.label} cannot take {_listed(missing)}."


def _listed(sides: Sequence[int]) -> str:
    sizes = [_times(side) for side in sides]
    return " or ".join(filter(None, (", ".join(sizes[:-1]), sizes[-1])))
