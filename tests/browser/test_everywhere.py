"""What holds on every page: both themes, a phone's width, accessibility; and the home page itself."""

import re
import tomllib

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect

import cnnviz
from cnnviz.figures.theme import scale
from cnnviz.ops.filtering import PictureFilter, filter_picture
from cnnviz.ops.geometry import Window
from tests.browser.conftest import ROOT, OpenPage, Server
from tests.browser.screen import (
    by_key,
    canvas_pixels,
    conv_view,
    eventually,
    expect_no_errors,
    expect_whole_pictures,
    hover_cell,
    output_caption,
    settled,
    visit,
)

# Every view: its address, and a part of it that is there once all is drawn.
PANEL = " .readout > span >> nth=1"
TERM = " .readout strong"
CHART = " .js-plotly-plot >> nth=-1"
VIEWS = {
    "home": ("", ".st-key-hero .sum"),
    "convolution": ("convolution", ".st-key-conv_view .live input"),
    "convolution, pixels": ("convolution?conv_mode=Pixel+by+pixel", f".st-key-conv_sliding{TERM}"),
    "convolution, use": ("convolution?conv_mode=Pixel+use", f".st-key-conv_use{PANEL}"),
    "convolution, flip": ("convolution?conv_mode=Kernel+flipped", f".st-key-conv_flip_kernels{PANEL}"),
    "pooling": ("pooling", f".st-key-pool_panels{PANEL}"),
    "pooling, pixels": ("pooling?pool_view=Pixel+by+pixel", f".st-key-pool_sliding{TERM}"),
    "pooling, shift": ("pooling?pool_view=Shifted+picture", f".st-key-pool_shift_panels{PANEL}"),
    "dilation": ("dilation", f".st-key-dil_stack{PANEL}"),
    "dilation, pixels": ("dilation?dil_view=Pixel+by+pixel", f".st-key-dil_sliding{TERM}"),
    "dilation, picture": ("dilation?dil_view=Whole+picture", f".st-key-dil_picture{TERM}"),
    "transposed": ("transposed_convolution", f".st-key-up_panels{PANEL}"),
    "transposed, pixels": ("transposed_convolution?up_view=Pixel+by+pixel", f".st-key-up_sliding{TERM}"),
    "equivariance": ("equivariance", f".st-key-eq_panels{PANEL}"),
    "feature maps": ("feature_maps", ".st-key-maps_glance canvas >> nth=0"),
    "maps, layer": ("feature_maps?maps_view=A+layer", '.st-key-maps_wall .root[data-layer="block1.conv1"]'),
    "maps, unit": (
        "feature_maps?maps_view=A+layer&maps_layer=block2.relu1&maps_row=9&maps_column=9",
        "text=Largest difference of all steps",
    ),
    "maps, filters": ("feature_maps?maps_view=First+filters", ".st-key-maps_filters canvas >> nth=0"),
    "maps, two": ("feature_maps?maps_view=Two+weight+sets", ".st-key-maps_pairs canvas >> nth=0"),
    "maps, why": (
        "feature_maps?maps_view=What+the+prediction+rests+on",
        ".mix input",
    ),
    "field, box": ("receptive_field", f".st-key-rf_boxes{TERM}"),
    "field, growth": ("receptive_field?rf_view=Growth", f".st-key-rf_growth{CHART}"),
    "field, effective": ("receptive_field?rf_view=Effective+field", "text=Measure the effective field"),
    "field, stack": ("receptive_field?rf_view=A+stack+by+hand", ".st-key-rf_stack_facts .result >> nth=0"),
    "field, table": ("receptive_field?rf_view=Table", '[data-testid="stDataFrame"]'),
    "cost": ("parameters_and_cost", f".st-key-cost_dense_bars{CHART}"),
    "cost, deep": ("parameters_and_cost?cost_view=Deep+or+wide", f".st-key-cost_deep_bars{CHART}"),
    "cost, ways": ("parameters_and_cost?cost_view=Ways+to+convolve", f".st-key-cost_ways_bars{CHART}"),
    "cost, layers": (
        "parameters_and_cost?cost_view=Layer+by+layer&model=googlenet",
        f".st-key-cost_layer_bars{CHART}",
    ),
    "cost, two": ("parameters_and_cost?cost_view=Two+models&model=vgg16", f".st-key-cost_two_bars{CHART}"),
    "residual": ("residual_blocks", f".st-key-res_panels{PANEL}"),
    "residual, block": ("residual_blocks?res_view=The+block", ".st-key-res_block .node >> nth=0"),
    "residual, gradients": (
        "residual_blocks?res_view=Gradients+by+depth",
        f".st-key-res_gradients{CHART}",
    ),
    "training": ("training", ".st-key-train_start"),
    "architectures": ("architectures", ".st-key-arch_timeline .card >> nth=6"),
    "architectures, accuracy": (
        "architectures?arch_view=Accuracy+against+cost",
        f".st-key-arch_scatter{CHART}",
    ),
    "architectures, blocks": ("architectures?arch_view=Block+by+block", ".st-key-arch_blocks svg >> nth=0"),
}
SCHEMES = ("light", "dark")
# What axe reports: violations alone, since to describe what is right takes seconds. Of its rules all are
# applied in the light; in the dark only colours differ.
REPORT = {"resultTypes": ["violations"]}
RULES = {"light": REPORT, "dark": REPORT | {"runOnly": {"type": "rule", "values": ["color-contrast"]}}}
PHONE: ViewportSize = {"width": 390, "height": 844}
WIDE: ViewportSize = {"width": 1280, "height": 720}

# What Streamlit itself builds and we cannot change: the rule, and the elements that it is excused on.
STREAMLITS_OWN = {
    # The navigation puts its sections, as <div>, between the list and its items.
    "list": 'data-testid="stSidebarNavItems"',
    "listitem": '^<li class="st-emotion-cache[^"]*">$',
    # st.latex scrolls sideways; a formula may be a pixel or two wider than the box it is given.
    "scrollable-region-focusable": 'class="katex-display"',
}


def open_view(page: Page, server: Server, view: str) -> None:
    """Visit, and wait until the page's main part is there."""
    path, part = VIEWS[view]
    visit(page, server.at(path))
    expect(page.locator(part)).to_be_visible()
    settled(page)


def hero(page: Page):
    return by_key(page, "hero")


def background(scheme: str) -> np.ndarray:
    theme = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"]
    return np.array(list(bytes.fromhex(theme[scheme]["backgroundColor"][1:])), dtype=int)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_zero_is_painted_like_the_page_in_both_themes(server: Server, new_page: OpenPage, scheme: str):
    page = new_page(color_scheme=scheme)
    # The Laplacian of one bright pixel is 0 almost everywhere.
    visit(page, server.at("convolution?source=Pattern&conv_kernel=Laplacian&conv_resolution=28+px"))
    expect(output_caption(page)).to_have_text(re.compile("^26×26"))
    pixels = canvas_pixels(conv_view(page).locator(".output canvas.picture"))[..., :3].astype(int)
    zero = pixels[0, 0]
    assert np.array_equal(zero, scale("activation", scheme).colours[127])
    assert np.abs(zero - background(scheme)).max() <= 16
    assert np.array_equal(pixels[13, 13], scale("activation", scheme).colours[0])  # the centre: −4, the limit


def test_a_change_of_theme_repaints_at_once(server: Server, new_page: OpenPage):
    page = new_page(color_scheme="light")
    visit(page, server.at("convolution?source=Pattern&conv_kernel=Laplacian&conv_resolution=28+px"))
    expect(output_caption(page)).to_have_text(re.compile("^26×26"))
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        """() => {
            const hosts = [...document.querySelectorAll('.st-key-conv_view *')].filter(e => e.shadowRoot);
            const canvas = hosts[0].shadowRoot.querySelector('.output canvas.picture');
            const [red] = canvas.getContext('2d').getImageData(0, 0, 1, 1).data;
            return red < 60;
        }"""
    )
    expect_no_errors(page)


# The app and all its components have the background of the theme: dark or not.
REPAINTED = """(dark) => {
    const roots = [...document.querySelectorAll('*')].map((host) => host.shadowRoot?.querySelector('.root'));
    return [document.querySelector('[data-testid=stApp]'), ...roots.filter(Boolean)].every((element) => {
        const [red] = getComputedStyle(element).backgroundColor.match(/[\\d.]+/g).map(Number);
        return red < 128 === dark;
    });
}"""


def excused(rule: str, html: str) -> bool:
    return rule in STREAMLITS_OWN and re.search(STREAMLITS_OWN[rule], html) is not None


# How far the page scrolls sideways, and the left and right ends of canvases, but in boxes that are made to
# be scrolled, of charts and of their words.
EXTENTS = """() => {
    const main = document.querySelector('[data-testid=stMain]');
    const boxes = (selector) => [...main.querySelectorAll(selector)].map((e) => e.getBoundingClientRect());
    const roots = [...main.querySelectorAll('*')].map((host) => host.shadowRoot).filter(Boolean);
    const canvases = roots.flatMap((root) => [...root.querySelectorAll('canvas:not(.scroller canvas)')]);
    const all = [
        ...canvases.map((e) => e.getBoundingClientRect()),
        ...boxes('.js-plotly-plot'), ...boxes('.js-plotly-plot text'),
    ].filter((box) => box.width);
    return [
        Math.max(document.documentElement.scrollWidth - innerWidth, main.scrollWidth - main.clientWidth),
        Math.min(0, ...all.map((box) => box.left)), Math.max(0, ...all.map((box) => box.right)),
    ];
}"""


def expect_to_fit_a_phone(page: Page) -> None:
    """The page does not scroll sideways, nothing sticks out, and no word of a chart is cut off."""

    def it_fits() -> None:
        sideways, left, right = page.evaluate(EXTENTS)
        assert sideways <= 0 and left >= -1 and right <= PHONE["width"] + 1

    eventually(page, it_fits)  # a chart is drawn before it knows its width
    expect_whole_pictures(page)


# The colours of the words of all charts, as [red, green, blue].
INK = """() => [...document.querySelectorAll('.js-plotly-plot text')].map(
    (text) => getComputedStyle(text).fill.match(/[\\d.]+/g).slice(0, 3).map(Number))"""


def expect_legible_charts(page: Page, scheme: str) -> None:
    """Words in charts are dark on light, or light on dark."""

    def they_are() -> None:
        inks = np.array(page.evaluate(INK) or [[0, 0, 0] if scheme == "light" else [255, 255, 255]])
        assert (inks < 80).all() if scheme == "light" else (inks > 180).all()

    eventually(page, they_are)


AT_REST = """() => document.getAnimations().every(
    (animation) => !(animation instanceof CSSTransition) || animation.playState !== 'running')"""


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_fits_a_phone_and_nothing_stands_in_the_way_of_assistive_technology(
    server: Server, new_page: OpenPage, view: str
):
    page = new_page(viewport=PHONE, has_touch=True, device_scale_factor=2, color_scheme="light")
    open_view(page, server, view)
    expect_to_fit_a_phone(page)
    page.set_viewport_size(WIDE)
    expect(page.get_by_test_id("stSidebarNav")).to_be_visible()
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(REPAINTED, arg=scheme == "dark")
        page.wait_for_function(AT_REST)
        expect_legible_charts(page, scheme)
        found = Axe().run(page, options=RULES[scheme]).response["violations"]
        serious = [
            f"{scheme} {violation['id']}: {node['html'][:200]} {node.get('failureSummary', '')}"
            for violation in found
            if violation["impact"] in ("serious", "critical")
            for node in violation["nodes"]
            if not excused(violation["id"], node["html"])
        ]
        assert not serious, "\n".join(serious)


def test_home_shows_an_example_with_its_true_number(server: Server, page: Page):
    open_view(page, server, "home")
    picture = cnnviz.sample("cat").fitted(100)
    window = Window(3, padding=1)
    layer = PictureFilter(cnnviz.kernel("sobel_x"), "grey", window, window, "replicate")
    output = filter_picture(picture, layer).output[0]
    total = hero(page).locator(".sum")
    for row, column in ((0, 0), (30, 50), (10, 98), (picture.height - 1, 99)):
        hover_cell(page, hero(page).locator(".source canvas"), row, column, (picture.height, picture.width))
        value = float(output[row, column])
        digits = 3
        expect(total).to_have_text(re.compile("Sum of the nine products: .*"))
        shown_value = total.inner_text().partition(": ")[2].replace("−", "-")
        assert float(shown_value) == pytest.approx(value, rel=0.6 * 10 ** (1 - digits), abs=2e-6)
    products = hero(page).locator(".grid .cell").all_inner_texts()
    assert len(products) == 9
    hero(page).locator(".source").focus()
    page.keyboard.press("ArrowUp")
    expect(total).not_to_have_text(f"Sum of the nine products: {shown_value}")


@pytest.mark.own_tab
def test_home_leads_to_the_pages_and_loads_no_plotting_code(server: Server, page: Page):
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    open_view(page, server, "home")
    expect_no_errors(page)
    assert requests and not [url for url in requests if "plotly" in url.lower()]
    main = page.get_by_test_id("stMain")
    for name in ("Convolution", "Feature maps", "Training"):
        link = main.get_by_role("link", name=name, exact=True)
        link.scroll_into_view_if_needed()
        box = link.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + 40, box["y"] + box["height"] + 40)  # a card is a link as a whole
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(name))
        page.get_by_test_id("stSidebarNav").get_by_role("link", name="Home", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("See how"))
