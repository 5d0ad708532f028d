"""What users see when something goes wrong, and what they do not."""

import logging
import re

import pytest
from streamlit.testing.v1 import AppTest

from cnnviz.errors import CnnvizError, user_message
from cnnviz.ui.shell import own_weights
from cnnviz.ui.training import results as training_results
from cnnviz.ui.widgets.feedback import plain


def known_fault():
    import streamlit as st

    from cnnviz.errors import CnnvizError
    from cnnviz.ui.widgets.feedback import explained

    with explained():
        raise CnnvizError("The kernel spans 5, which is too much.")
    st.write("after")


def unknown_fault():
    import streamlit as st

    from cnnviz.ui.widgets.feedback import explained

    with explained():
        st.write("before")
        raise KeyError("secret path /home/someone")
    st.write("after")


def stopped():
    import streamlit as st

    from cnnviz.ui.widgets.feedback import explained

    with explained():
        st.write("before")
        st.stop()
    st.write("after")


def rerun():
    import streamlit as st

    from cnnviz.ui.widgets.feedback import explained

    with explained():
        if "again" not in st.session_state:
            st.session_state["again"] = True
            st.rerun()
        st.write("second run")


def texts(at):
    return [element.value for element in at.markdown]


def test_a_fault_that_the_user_can_put_right_is_shown_in_its_own_words():
    at = AppTest.from_function(known_fault).run()
    assert [element.value for element in at.warning] == ["The kernel spans 5, which is too much."]
    assert not at.exception and not at.error
    assert texts(at) == ["after"]


def test_any_other_fault_is_logged_under_an_id_and_not_shown(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.ERROR, logger="cnnviz"):
        at = AppTest.from_function(unknown_fault).run()
    (error,) = at.error
    assert "secret" not in error.value and "KeyError" not in error.value
    found = re.search(r"under ([0-9a-f]{8})\.", error.value)
    assert found
    (record,) = [record for record in caplog.records if record.name == "cnnviz"]
    assert found[1] in record.getMessage()
    assert record.exc_info and record.exc_info[0] is KeyError
    assert not at.exception
    assert texts(at) == ["before", "after"]


def test_streamlits_own_stop_and_rerun_pass_through():
    at = AppTest.from_function(stopped).run()
    assert texts(at) == ["before"] and not at.error
    at = AppTest.from_function(rerun).run()
    assert texts(at) == ["second run"] and not at.error


@pytest.mark.parametrize(
    "text", ["![](//elsewhere.example/a)", "*a* _b_ `c` ~d~ $e$ #f", ":material/error: :red[x]"]
)
def test_what_a_user_wrote_is_no_markdown(text):
    escaped = plain(text)
    assert escaped.replace("\\", "") == text
    assert not re.search(r"(?<!\\)[`*_\[\]~$#]", escaped)
    assert not re.search(r"(?<!\\):\w", escaped)


# What remark-gfm looks for in text, after escapes are resolved (mdast-util-gfm-autolink-literal).
AUTOLINKS = (r"(?i)(https?://|www(?=\.))([-.\w]+)([^ \t\r\n]*)", r"[-.\w+]+@[-\w]+(\.[-\w]+)+")


@pytest.mark.parametrize(
    "text", ["see https://evil.example/a", "HTTP://x.example", "Www.evil.example", "a.b@evil.example"]
)
def test_no_address_becomes_a_link_and_all_read_the_same(text):
    assert any(re.search(link, text) for link in AUTOLINKS)
    shown = plain(text).replace("\\", "")
    assert not any(re.search(link, shown) for link in AUTOLINKS)
    assert shown.replace("\N{WORD JOINER}", "") == text


def test_what_a_user_wrote_stays_on_one_line():
    assert plain("a\n\n# b\r\n\tc\u2028d") == "a \\# b c d"
    assert plain(" and more") == " and more"


def test_an_unexpected_error_is_logged_and_shown_by_its_id(caplog):
    assert user_message(CnnvizError("Too large.")) == "Too large." and not caplog.records
    words = user_message(KeyError("secret"), "It could not be had.")
    (record,) = caplog.records
    assert words == f"It could not be had. The log has the details under {record.args[0]}."
    assert isinstance(record.exc_info[1], KeyError)


def faulty(*_):
    raise KeyError("nobody thought of this")


def test_weights_of_a_run_that_cannot_be_kept_are_reported_and_lead_nowhere(monkeypatch):
    state = {}
    monkeypatch.setattr(training_results, "network_after", faulty)
    monkeypatch.setattr(training_results.st, "session_state", state)
    training_results._open(None, None)
    assert list(state) == [training_results._PROBLEM]
    assert state[training_results._PROBLEM].startswith("Something went wrong here. The log has the details")


def test_a_file_of_weights_that_fails_unforeseen_changes_nothing(monkeypatch):
    state = {own_weights._UPLOADER: object()}
    monkeypatch.setattr(own_weights.cache.resources, "weights_folder", faulty)
    monkeypatch.setattr(own_weights.st, "session_state", state)
    own_weights._take("simple_cnn")
    assert set(state) == {own_weights._UPLOADER, own_weights._PROBLEM}
    assert state[own_weights._PROBLEM].endswith("The weights stay as they were.")
