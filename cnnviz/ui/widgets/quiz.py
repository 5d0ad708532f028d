"""Check yourself: predict a number, then see; a wrong answer gets its likely mistake named."""

from collections.abc import Mapping

import streamlit as st

from cnnviz.ui.widgets.controls import lazy_expander


def check_yourself(
    question: str, answer: int, mistakes: Mapping[str, int], key: str, title: str = "Check yourself"
) -> None:
    """Ask for a whole number.

    Args:
        question: in words; the answer must not be on screen beside it.
        answer: the right number.
        mistakes: what a person may have done wrong → the number that this gives.
        key: of the controls.
        title: over it; distinguishes two questions of one view.
    """
    opened = lazy_expander(title, f"{key}_question")
    if opened is None:
        return
    with opened:
        ask(question, answer, mistakes, key)


def ask(question: str, answer: int, mistakes: Mapping[str, int], key: str) -> None:
    """The question itself, for one whose answer is costly: call it in a `lazy_expander` that is open."""
    st.markdown(question)
    field, button = st.columns([1, 2], vertical_alignment="bottom")
    guess = field.number_input("Your answer", 0, None, None, 1, key=f"{key}_guess", placeholder="?")
    reveal = button.button("Show the answer", key=f"{key}_reveal")
    if guess is not None:
        st.markdown(diagnose(int(guess), answer, mistakes))
    if reveal:
        st.markdown(f"The answer is **{answer}**.")


def choose_yourself(
    question: str, options: Mapping[str, str], answer: str, key: str, title: str = "Check yourself"
) -> None:
    """Ask for one of several statements.

    Args:
        question: in words.
        options: statement → why it is wrong, or what makes it right.
        answer: the right one of them.
        key: of the controls.
        title: of the expander.
    """
    opened = lazy_expander(title, f"{key}_question")
    if opened is None:
        return
    with opened:
        chosen = st.radio(question, list(options), index=None, key=f"{key}_guess")
        if chosen is not None:
            st.markdown(f"{'**Right:**' if chosen == answer else 'Not quite:'} {options[chosen]}")


def diagnose(guess: int, answer: int, mistakes: Mapping[str, int]) -> str:
    """The reply to a guess: right, the mistake that gives it, or how far off it is."""
    if guess == answer:
        return f"**Right: {answer}.**"
    known = [words for words, result in mistakes.items() if result == guess and result != answer]
    if known:
        return f"Not quite: {', or '.join(known)}."
    return f"Not quite: it is {'smaller' if guess > answer else 'larger'} than {guess}."
