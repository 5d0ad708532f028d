"""Every cache of the app, all of them bounded; what is in them comes through the one processor.

Arrays are keyed by a picture's digest and small parameters, never by their values: Streamlit keys a
large array on a sample of it, so that two pictures could get one answer. Arrays are read-only and
live in `cache_resource`, which hands out the object itself; `cache_data` would copy it each time.
"""

from cnnviz.ui.cache import maps as maps
from cnnviz.ui.cache import networks as networks
from cnnviz.ui.cache import pictures as pictures
from cnnviz.ui.cache import resources as resources
from cnnviz.ui.cache import training as training
