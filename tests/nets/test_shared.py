import queue
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from cnnviz.analysis.layers.activations import capture, convolutions, watch
from cnnviz.nets.catalog import model
from cnnviz.nets.shared import SharedModel, share_weights

CPU = torch.device("cpu")
PATIENCE = 30  # seconds until a thread that waits for nothing fails its test


def hooks(network):
    return sum(len(module._forward_hooks) for module in network.modules())


def picture(seed):
    return torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def network():
    return model("simple_cnn")


def test_two_borrowers_inside_the_network_at_once_each_see_their_own_maps(network):
    shared, layers = SharedModel(network, copies=2), convolutions(network)
    meeting = threading.Barrier(2, timeout=PATIENCE)

    def look(seed):
        maps = {}

        def keep(path, output):
            meeting.wait()  # nobody leaves a layer before both are in it, both hooked
            maps[path] = output.clone()

        with shared.borrow(CPU) as tree, torch.inference_mode(), watch(tree, layers, keep):
            tree(picture(seed))
        return maps

    with ThreadPoolExecutor(2) as pool:
        seen = list(pool.map(look, (1, 2)))
    for seed, maps in zip((1, 2), seen, strict=True):
        alone = model("simple_cnn")
        with torch.inference_mode(), capture(alone, layers) as expected:
            alone(picture(seed))
        assert maps.keys() == expected.keys()
        for path in layers:
            torch.testing.assert_close(maps[path], expected[path])
    assert not torch.equal(seen[0][layers[0]], seen[1][layers[0]])


def test_many_threads_share_the_few_trees_there_are(network):
    shared, x = SharedModel(network, copies=2), picture(0)
    with torch.inference_mode():
        expected = network(x)
    start, lock = threading.Barrier(6, timeout=PATIENCE), threading.Lock()
    lent, trees, most = [], {}, []

    def work(_):
        start.wait()
        for _ in range(3):
            with shared.borrow(CPU) as tree:
                with lock:
                    assert id(tree) not in lent, "one tree, two borrowers"
                    lent.append(id(tree))
                    trees[id(tree)] = tree
                    most.append(len(lent))
                with torch.inference_mode():
                    torch.testing.assert_close(tree(x), expected)
                with lock:
                    lent.remove(id(tree))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert len(trees) <= 2 and max(most) <= 2


def test_a_borrower_waits_when_all_trees_are_lent(network):
    shared, got = SharedModel(network), threading.Event()

    def borrow_too():
        with shared.borrow(CPU):
            got.set()

    waiting = threading.Thread(target=borrow_too, daemon=True)
    with shared.borrow(CPU):
        waiting.start()
        assert not got.wait(0.2)
    assert got.wait(PATIENCE)
    waiting.join(PATIENCE)


def test_a_tree_comes_back_after_an_error(network):
    shared = SharedModel(network)
    with pytest.raises(RuntimeError, match="boom"), shared.borrow(CPU) as first:
        raise RuntimeError("boom")
    again = queue.SimpleQueue()

    def borrow_again():
        with shared.borrow(CPU) as second:
            again.put(second)

    threading.Thread(target=borrow_again, daemon=True).start()
    assert again.get(timeout=PATIENCE) is first


def test_all_trees_share_one_set_of_weights(network):
    shared = SharedModel(network, copies=2)
    with shared.borrow(CPU) as first, shared.borrow(CPU) as second:
        assert first is not second
        for tree in (first, second):
            assert tree is not network
            for kind in ("named_parameters", "named_buffers"):
                own, original = dict(getattr(tree, kind)()), dict(getattr(network, kind)())
                assert own.keys() == original.keys()
                assert all(own[name] is original[name] for name in original)
        modules = {id(module) for tree in (first, second, network) for module in tree.modules()}
        assert len(modules) == 3 * len(list(network.modules()))


def test_hooks_on_one_tree_are_not_on_another(network):
    other = share_weights(network)
    with capture(other, ["block1.conv1"]) as maps:
        network(picture(0))
        assert (hooks(other), hooks(network), maps) == (1, 0, {})


def test_a_shared_model_is_in_eval_mode_and_keeps_no_gradients(network):
    shared = SharedModel(network.train())
    with shared.borrow(CPU) as tree:
        assert not any(module.training for module in tree.modules())
        assert not any(parameter.requires_grad for parameter in tree.parameters())


def test_another_device_gets_a_copy_and_the_cpu_keeps_its_own(network):
    shared = SharedModel(network)
    with shared.borrow(torch.device("meta")) as elsewhere, shared.borrow(CPU) as here:
        assert {p.device.type for p in elsewhere.parameters()} == {"meta"}
        assert {p.device.type for p in here.parameters()} == {"cpu"}
        assert elsewhere(torch.empty(1, 3, 16, 16, device="meta")).shape == here(picture(0)).shape
