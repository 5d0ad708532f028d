"""The app: `streamlit run app.py`."""

from cnnviz.ui.shell import frame

frame.run()
