"""cnnviz: see how convolutional networks work, on your own picture.

The names in `__init__.pyi` are the public API; each is imported when it is first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
