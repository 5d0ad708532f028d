import os

os.environ.setdefault("CNNVIZ_SLOTS", str(os.cpu_count() or 1))  # one thread for each computation
