/** The colour scales of cnnviz/figures/theme.py, by "name/ground"; registry.py puts them before a bundle. */
declare const SCALES: Record<string, string>;
