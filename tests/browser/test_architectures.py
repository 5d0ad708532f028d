"""The architectures page in the browser: links, the scatter, blocks opened by mouse and keys."""

import io
import re
from functools import partial

from PIL import Image
from playwright.sync_api import Locator, Page, expect

from cnnviz.nets.classifiers import torchvision_models
from tests.browser.conftest import OpenPage, Server
from tests.browser.panels import table
from tests.browser.screen import (
    by_key,
    choose,
    expect_no_errors,
    point_until,
    settled,
    sidebar,
    upload,
    visit,
)

SCATTER = "architectures?arch_view=Accuracy+against+cost"
BLOCKS = "architectures?arch_view=Block+by+block"


def model_box(page: Page) -> Locator:
    return by_key(page, "model").get_by_role("combobox")


def card(page: Page, name: str) -> Locator:
    return by_key(page, "arch_timeline").locator(".card").filter(has=page.get_by_role("heading", name=name))


def diagram(page: Page) -> Locator:
    return by_key(page, "arch_blocks")


def expect_open(page: Page, path: str) -> None:
    expect(diagram(page).locator(f'.root[data-open="{path}"]')).to_be_visible()


def test_a_card_opens_its_model_on_another_page_and_keeps_the_uploaded_picture(server: Server, page: Page):
    visit(page, server.at("architectures"))
    data = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(data, "PNG")
    upload(page, "mine.png", data.getvalue())
    expect(sidebar(page).get_by_text("mine.png, 40×60 pixels")).to_be_visible()
    card(page, "AlexNet").get_by_role("link", name="Receptive field", exact=True).click()
    expect(page.get_by_role("heading", name="Receptive field", level=1)).to_be_visible()
    expect(model_box(page)).to_have_value("alexnet")
    expect(page).to_have_url(re.compile("/receptive_field?.*model=alexnet"))
    expect(sidebar(page).get_by_text("mine.png, 40×60 pixels")).to_be_visible()
    expect_no_errors(page)


def test_a_card_opens_its_blocks_and_its_link_is_an_address(server: Server, page: Page):
    visit(page, server.at("architectures"))
    link = card(page, "GoogLeNet").get_by_role("link", name="Block by block")
    address = link.get_attribute("href")
    link.click()
    expect_open(page, "inception3a")
    expect(model_box(page)).to_have_value("googlenet")
    assert address is not None
    visit(page, server.at(address))
    expect_open(page, "inception3a")
    expect_no_errors(page)


def point_at(page: Page, x: float, y: float) -> None:
    """Move the pointer to a place of the scatter, given in its axes' numbers."""
    place = by_key(page, "arch_scatter").locator(".js-plotly-plot").evaluate(
        """(plot, [x, y]) => {
          plot.scrollIntoView({ block: "center" });
          const { xaxis, yaxis, _size } = plot._fullLayout;
          const box = plot.getBoundingClientRect();
          return [box.left + _size.l + xaxis.d2p(x), box.top + _size.t + yaxis.d2p(y)];
        }""",
        [x, y],
    )  # fmt: skip
    page.mouse.move(place[0] - 3, place[1])
    page.mouse.move(*place)


def test_the_scatter_reads_what_torchvision_publishes(server: Server, page: Page):
    visit(page, server.at(f"{SCATTER}&arch_cost=MACs&model=googlenet"))
    for name in ("alexnet", "vit_l_32", "efficientnet_b7"):
        meta = torchvision_models().get_model_weights(name).DEFAULT.meta
        score = meta["_metrics"]["ImageNet-1K"]
        words = by_key(page, "arch_scatter").locator(".hoverlayer")
        expect(by_key(page, "arch_scatter").locator(".scatterlayer .point").first).to_be_visible()
        point_until(page, partial(point_at, page, meta["_ops"], score["acc@1"]), words, f"{name} (")
        expect(words).to_contain_text(f"top-1 {score['acc@1']:.2f} %")
        expect(words).to_contain_text(f"{meta['num_params']:,} parameters")
    expect(page.get_by_text("Ringed, the model in the sidebar: googlenet")).to_be_visible()


def test_a_family_is_highlighted_and_the_table_follows(server: Server, page: Page):
    visit(page, server.at(SCATTER))
    best = by_key(page, "arch_scatter").locator(".annotation")
    expect(best.filter(has_text="vgg19_bn")).to_have_count(0)
    choose(page, "arch_family", "vgg")
    expect(best.filter(has_text="vgg19_bn")).to_be_visible()
    expect(page).to_have_url(re.compile("arch_family=vgg"))
    page.get_by_role("button", name="ResNet: old and new recipes").click()
    expect(page).to_have_url(re.compile("arch_which=All"))
    expect(page.get_by_text("114 sets of weights")).to_be_visible()
    settled(page)
    rows = table(page)
    both = {row["weights"]: float(row["top-1 accuracy (%)"]) for row in rows if row["model"] == "resnet50"}
    assert both == {"IMAGENET1K_V1": 76.13, "IMAGENET1K_V2": 80.858}
    expect_no_errors(page)


def test_blocks_open_by_mouse_and_the_way_back_is_there(server: Server, page: Page):
    visit(page, server.at(f"{BLOCKS}&model=googlenet"))
    expect_open(page, "inception3a")
    part = diagram(page)
    expect(part.locator(".node")).to_have_count(9)
    expect(part.locator(".line")).to_have_count(11)
    join = part.locator(".node").filter(has_text="256×28×28")
    join.hover()
    expect(part.locator(".readout")).to_contain_text("inception3a.cat")
    expect(part.locator(".line.pointed")).to_have_count(4)
    part.locator(".node").filter(has_text="branch2.1").click()
    expect_open(page, "inception3a.branch2.1")
    expect(page).to_have_url(re.compile("arch_block=inception3a.branch2.1"))
    expect(part.locator(".node")).to_have_text([re.compile("input"), re.compile("conv: Conv2d 3×3"),
                                                re.compile("bn"), re.compile("relu")])  # fmt: skip
    part.locator(".crumbs").get_by_role("button", name="GoogLeNet").click()
    expect(part.locator(".node")).to_have_count(16)
    part.locator('.stages [data-path="inception4a–inception4c"]').click()
    expect_open(page, "inception4a–inception4c")
    expect(part.locator(".node")).to_have_count(4)
    page.get_by_role("button", name="A skip connection").click()
    expect_open(page, "layer1.0")
    expect(model_box(page)).to_have_value("resnet152")
    expect_no_errors(page)


def test_blocks_open_by_keyboard(server: Server, page: Page):
    visit(page, server.at(f"{BLOCKS}&model=resnet50"))
    expect_open(page, "layer1.0")
    part = diagram(page)
    part.locator('.stages [aria-selected="true"]').focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect_open(page, "layer2")
    part.locator('.node[tabindex="0"]').focus()
    page.keyboard.press("ArrowDown")
    expect(part.locator(".readout")).to_contain_text("layer2.0: Bottleneck")
    page.keyboard.press("Enter")
    expect_open(page, "layer2.0")
    page.keyboard.press("ArrowDown")
    expect(part.locator(".readout")).to_contain_text(
        "layer2.0.conv1: Conv2d 1×1, convolution; gives 128×56×56"
    )


def test_a_phone_shows_all_three(server: Server, new_page: OpenPage):
    phone = new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    for address in ("architectures", SCATTER, f"{BLOCKS}&model=inception_v3"):
        visit(phone, server.at(address))
        expect_no_errors(phone)
        wide = phone.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0
    part = diagram(phone)
    part.locator(".node.opens").first.tap()
    expect(part.locator(".crumbs button")).to_have_count(2)
