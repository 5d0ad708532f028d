"""The app: `streamlit run app.py`."""

from cnnviz.ui import frame

frame.run()
