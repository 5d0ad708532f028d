"""Every cache of the app, all of them bounded; what is in them comes through the one processor.

Arrays are keyed by a picture's digest and small parameters, never by their values: Streamlit keys a
large array on a sample of it, so that two pictures could get one answer. Arrays are read-only and
live in `cache_resource`, which hands out the object itself; `cache_data` would copy it each time.
"""

from cnnviz.ui.cache.maps import attribution_jobs as attribution_jobs
from cnnviz.ui.cache.maps import effective_jobs as effective_jobs
from cnnviz.ui.cache.maps import filters_of as filters_of
from cnnviz.ui.cache.maps import glance_run as glance_run
from cnnviz.ui.cache.maps import gradients as gradients
from cnnviz.ui.cache.maps import layer_run as layer_run
from cnnviz.ui.cache.maps import network_limit as network_limit
from cnnviz.ui.cache.maps import scores as scores
from cnnviz.ui.cache.maps import stories as stories
from cnnviz.ui.cache.networks import block_of as block_of
from cnnviz.ui.cache.networks import blocks_of as blocks_of
from cnnviz.ui.cache.networks import cam_layers as cam_layers
from cnnviz.ui.cache.networks import glance_columns_of as glance_columns_of
from cnnviz.ui.cache.networks import layers_of as layers_of
from cnnviz.ui.cache.networks import load as load
from cnnviz.ui.cache.networks import meta_model_of as meta_model_of
from cnnviz.ui.cache.networks import padding_to as padding_to
from cnnviz.ui.cache.networks import require_memory as require_memory
from cnnviz.ui.cache.networks import shared_model as shared_model
from cnnviz.ui.cache.networks import sizes_of as sizes_of
from cnnviz.ui.cache.networks import traced as traced
from cnnviz.ui.cache.pictures import centre_square as centre_square
from cnnviz.ui.cache.pictures import comparison as comparison
from cnnviz.ui.cache.pictures import filtered as filtered
from cnnviz.ui.cache.pictures import fitted as fitted
from cnnviz.ui.cache.pictures import kernels_by_parameter as kernels_by_parameter
from cnnviz.ui.cache.pictures import kernels_by_size as kernels_by_size
from cnnviz.ui.cache.pictures import photograph as photograph
from cnnviz.ui.cache.pictures import preview as preview
from cnnviz.ui.cache.pictures import test_pattern as test_pattern
from cnnviz.ui.cache.resources import downloads as downloads
from cnnviz.ui.cache.resources import processor as processor
from cnnviz.ui.cache.resources import run_queued as run_queued
from cnnviz.ui.cache.resources import weights_folder as weights_folder
from cnnviz.ui.cache.training import downloaded_pictures as downloaded_pictures
from cnnviz.ui.cache.training import epoch_maps as epoch_maps
from cnnviz.ui.cache.training import keep_upload as keep_upload
from cnnviz.ui.cache.training import shapes_gallery as shapes_gallery
from cnnviz.ui.cache.training import training_cost_of as training_cost_of
from cnnviz.ui.cache.training import training_runs as training_runs
from cnnviz.ui.cache.training import upload as upload
from cnnviz.ui.jobs.passes import LayerRun as LayerRun
