"""Model files: bit for bit the same after a round trip, the same bytes everywhere, and no damage that goes unseen."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import safetensors.numpy
from numpy.testing import assert_array_equal

import pellucid as pl
from pellucid import storage
from pellucid.storage import read_model, write_model

LAST = "expected a file that save wrote: save the model again, or check the path."
HEADER = {"b": [1, 2.5, None], "a": {"text": "alpha \u03b1 \u2028", "flag": True}}


def tensors(dtype=np.float64):
    rng = np.random.default_rng(0)
    return {"W1": rng.normal(size=(2, 3)).astype(dtype), "b1": np.array([0.0, -0.0, 5e-324]).astype(dtype), "none": np.empty((0, 2), dtype)}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


@pytest.fixture
def small():
    """A network whose file is small."""
    net = pl.Network([1, 1], ["identity"], "mse", seed=3)
    net.parameters["b1"][...] = 0.1
    return net


def save_bytes(net, path):
    net.save(path, force=True)
    return path.read_bytes()


def refusal(path, data=None):
    """What is said of a file with these bytes."""
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(pl.ModelFileError) as caught:
        pl.Network.load(path)
    assert isinstance(caught.value, ValueError)
    message = str(caught.value)
    assert str(path) in message
    assert message.count("\n") == 0
    return message


# round trips


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_header_and_arrays_come_back_bit_for_bit(path, dtype):
    write_model(path, HEADER, tensors(dtype))
    header, found = read_model(path)
    assert header == HEADER
    assert {name: (part.dtype, part.shape, part.tobytes()) for name, part in found.items()} == {
        name: (part.dtype, part.shape, part.tobytes()) for name, part in tensors(dtype).items()
    }


def test_views_that_are_not_contiguous_are_written_as_they_read(path):
    write_model(path, {}, {"W": np.arange(6.0).reshape(2, 3).T})
    assert_array_equal(read_model(path)[1]["W"], [[0, 3], [1, 4], [2, 5]])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("trained", [False, True])
def test_a_network_comes_back_bit_for_bit(path, dtype, trained):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 3)), rng.integers(0, 2, 20)
    rules = ["leaky_relu(slope=0.2)", "selu", "softmax"]
    net = pl.Network([3, 4, 5, 2], rules, "cross_entropy", l2=0.125, dropout=[0.25, 0.0], seed=7, dtype=dtype)
    if trained:
        net.fit(X, y, epochs=3, validation=0.25, early_stopping=pl.EarlyStopping(patience=1), progress=False)
    net.save(path)
    again = pl.Network.load(path)
    assert again.vector.dtype == net.vector.dtype == np.dtype(dtype)
    assert again.vector.tobytes() == net.vector.tobytes()
    assert (again.seed, repr(again)) == (net.seed, repr(net))
    assert again.architecture.to_header() == net.architecture.to_header()
    assert again.predict(X).tobytes() == net.predict(X).tobytes()
    assert (again.history is None) == (not trained)
    assert not trained or again.history.to_dict() == net.history.to_dict()
    assert save_bytes(again, path) == save_bytes(net, path)


def test_a_loaded_network_trains_on_as_the_original(path):
    X, y = np.random.default_rng(1).normal(size=(12, 3)), np.arange(12.0)
    net = pl.Network([3, 4, 1], dropout=0.5)
    net.save(path)
    again = pl.Network.load(path)
    for one in (net, again):
        one.fit(X, y, epochs=2, batch_size=5, progress=False)
    assert_array_equal(net.vector, again.vector)


def test_the_file_is_safetensors_that_others_can_read(path, small):
    small.save(path)
    found = safetensors.numpy.load_file(path)
    assert {name: part.tobytes() for name, part in found.items()} == {name: part.tobytes() for name, part in small.parameters.items()}
    with safetensors.safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    assert list(metadata) == ["pellucid"]
    content = json.loads(metadata["pellucid"])
    assert {name: content[name] for name in ("format", "version")} == {"format": "pellucid", "version": 2}
    assert len(content["sha256"]) == 64


# the same bytes in every process

WRITE = """
import sys, numpy as np, pellucid as pl
net = pl.Network([3, 4, 12, 2], ["tanh", "relu", "softmax"], dropout=[0.1, 0.2], seed=5, dtype="float32")
net.save(sys.argv[1])
"""


def test_two_processes_with_different_hash_seeds_write_the_same_bytes(tmp_path):
    found = []
    for seed in ("0", "12345"):
        target = tmp_path / seed
        subprocess.run([sys.executable, "-c", WRITE, str(target)], env={**os.environ, "PYTHONHASHSEED": seed}, check=True)
        found.append(target.read_bytes())
    assert found[0] == found[1]
    pl.Network([3, 4, 12, 2], ["tanh", "relu", "softmax"], dropout=[0.1, 0.2], seed=5, dtype="float32").save(tmp_path / "here")
    assert (tmp_path / "here").read_bytes() == found[0]


def test_the_order_of_keys_and_arrays_does_not_matter(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    write_model(one, HEADER, tensors())
    write_model(other, dict(reversed(HEADER.items())), dict(reversed(tensors().items())))
    assert one.read_bytes() == other.read_bytes()


# damage

ANY_REASON = (
    "cut off or no model file",
    "a header of ",
    "no model file of this library, or damaged",
    "of format version",
    "damaged (",
    "not made of arrays of float32 or float64",
    "damaged: its checksum does not match its content",
)


def unseen(path, changes):
    """The damaged files that load; each of the others is refused with a sentence."""
    loaded = []
    for label, data in changes:
        path.write_bytes(data)
        try:
            pl.Network.load(path)
        except pl.ModelFileError as error:
            message = str(error)
            assert message.startswith(f"The model file in {path} is ")
            assert any(reason in message for reason in ANY_REASON), message
            assert message.endswith(LAST)
        else:
            loaded.append(label)
    return loaded


@pytest.mark.parametrize("bit", range(8))
def test_every_flipped_bit_of_every_byte_is_seen(small, path, bit):
    """A flip in the header, its length, the text, the checksum or the numbers: none loads, not even one that would change nothing."""
    data = save_bytes(small, path)

    def flipped():
        for at in range(len(data)):
            yield at, data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]

    assert unseen(path, flipped()) == []


@pytest.mark.parametrize("value", [0x00, 0xFF, 0x20, 0x30])
def test_every_byte_replaced_by_a_likely_one_is_seen(small, path, value):
    data = save_bytes(small, path)
    changes = ((at, data[:at] + bytes([value]) + data[at + 1 :]) for at in range(len(data)) if data[at] != value)
    assert unseen(path, changes) == []


def test_the_undamaged_file_is_loaded_by_the_same_loop(small, path):
    assert unseen(path, [("whole", save_bytes(small, path))]) == ["whole"]


def test_a_file_cut_off_anywhere_is_seen(small, path):
    data = save_bytes(small, path)
    assert unseen(path, ((length, data[:length]) for length in range(len(data)))) == []


@pytest.mark.parametrize("more", [b"\0", b" ", b"}", b"\0" * 8, b"\0" * 4096])
def test_bytes_added_at_either_end_are_seen(small, path, more):
    data = save_bytes(small, path)
    assert unseen(path, [("end", data + more), ("front", more + data)]) == []


def test_a_file_followed_by_another_is_seen(small, path):
    data = save_bytes(small, path)
    assert unseen(path, [("twice", data + data)]) == []


def test_two_swapped_neighbours_are_seen(small, path):
    """But for a blank that moves, which changes nothing."""
    data = save_bytes(small, path)
    pairs = ((at, data[at : at + 2]) for at in range(len(data) - 1))
    changes = ((at, data[:at] + pair[::-1] + data[at + 2 :]) for at, pair in pairs if pair[0] != pair[1] and b" " not in pair)
    assert unseen(path, changes) == []


def test_a_changed_number_with_a_header_that_still_parses_fails_the_checksum(small, path):
    data = bytearray(save_bytes(small, path))
    data[-1] ^= 1
    message = refusal(path, bytes(data))
    assert message == f"The model file in {path} is damaged: its checksum does not match its content, {LAST}"


@pytest.mark.parametrize("change", [lambda header: header.update(seed=4), lambda header: header["architecture"].update(l2=0.5)])
def test_a_changed_description_fails_the_checksum(small, path, change):
    save_bytes(small, path)
    with safetensors.safe_open(path, framework="numpy") as file:
        content = json.loads(file.metadata()["pellucid"])
    change(content["header"])
    data = safetensors.numpy.save(read_model(path)[1], metadata={"pellucid": storage._canonical(content)})
    assert "its checksum does not match" in refusal(path, data)


def test_arrays_under_exchanged_names_fail_the_checksum(path):
    write_model(path, {}, {"a": np.zeros(2), "b": np.ones(2)})
    with safetensors.safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    path.write_bytes(safetensors.numpy.save({"a": np.ones(2), "b": np.zeros(2)}, metadata=metadata))
    with pytest.raises(pl.ModelFileError, match="checksum"):
        read_model(path)


def test_more_metadata_than_ours_is_refused(small, path):
    save_bytes(small, path)
    with safetensors.safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    data = safetensors.numpy.save(safetensors.numpy.load_file(path), metadata={**metadata, "more": "1"})
    assert "its checksum does not match" in refusal(path, data)


# foreign files


def zipped():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("schema.json", "{}")
    return buffer.getvalue()


def framed(header):
    """A safetensors file without arrays and with this header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text


NOT_OURS, CUT = "no model file of this library, or damaged", "cut off or no model file"
FOREIGN = {
    "empty": (b"", CUT),
    "seven bytes": (b"1234567", CUT),
    "zeros": (b"\0" * 64, NOT_OURS),
    "text": (b"col1,col2\n1,2\n3,4\n", CUT),
    "a zip": (zipped(), CUT),
    "a pickle": (pickle.dumps({"coefficients": list(range(100))}), CUT),
    "an image": (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, CUT),
    "safetensors of others": (safetensors.numpy.save({"x": np.ones(3)}), NOT_OURS),
    "safetensors of others with metadata": (safetensors.numpy.save({"x": np.ones(3)}, metadata={"format": "pt"}), NOT_OURS),
    "our key with other content": (safetensors.numpy.save({"x": np.ones(3)}, metadata={"pellucid": "hello"}), NOT_OURS),
    "our key with a list": (safetensors.numpy.save({"x": np.ones(3)}, metadata={"pellucid": "[1]"}), NOT_OURS),
    "our key with a number": (framed({"__metadata__": {"pellucid": 3}}), NOT_OURS),
    "a header that is a list": (framed([1, 2]), NOT_OURS),
    "a header that is no JSON": (framed(b"{" * 50), NOT_OURS),
    "a header of brackets without end": (framed(b"[" * 200_000), NOT_OURS),
    "a header that is no text": (framed(b"\xff\xfe\xfd" * 20), NOT_OURS),
    "a header beyond the limit": (framed(b" " * (storage.MAX_HEADER + 1)), f"a header of {storage.MAX_HEADER + 1:,} bytes"),
    "a length beyond the file": ((2**64 - 1).to_bytes(8, "little") + b"{}", CUT),
    "a length beyond the file by one": ((3).to_bytes(8, "little") + b"{}", CUT),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_file_is_refused(path, kind):
    data, got = FOREIGN[kind]
    assert refusal(path, data) == f"The model file in {path} is {got}, {LAST}"


@pytest.mark.parametrize("version", [0, 3, "1", None, True, 1.0])
def test_another_format_version_is_named(path, version):
    content = {"format": "pellucid", "version": version, "header": {}}
    content["sha256"] = storage._checksum(content, {})
    message = refusal(path, framed({"__metadata__": {"pellucid": storage._canonical(content)}}))
    assert message == f"The model file in {path} is of format version {version!r}, and this release reads versions 1 and 2, {LAST}"


@pytest.mark.parametrize("dtype", [np.int64, np.float16, np.bool_])
def test_arrays_of_another_type_are_refused(path, dtype):
    write_model(path, {}, {"W1": np.ones((1, 1), dtype)})
    assert "is not made of arrays of float32 or float64" in refusal(path)


def test_arrays_that_overlap_in_the_file_are_refused(path):
    content = {"format": "pellucid", "version": 1, "header": {}, "sha256": "0"}
    both = {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}
    header = {"__metadata__": {"pellucid": json.dumps(content)}, "a": both, "b": both}
    assert "is damaged (" in refusal(path, framed(header) + b"\0" * 8)


def test_formulas_are_saved_as_text_and_compute_the_same_when_loaded(path):
    net = pl.Network([2, 3, 1], ["x * sigmoid(2*x)", "0.5*x"], "log(cosh(y_hat - y))", seed=1)
    net.save(path)
    assert read_model(path)[0]["architecture"]["activations"] == ["x * sigmoid(2*x)", "0.5*x"]
    assert read_model(path)[0]["architecture"]["loss"] == "log(cosh(y_hat - y))"
    again, X, y = pl.Network.load(path), np.array([[0.3, -1.0], [0.0, 2.0]]), np.array([1.0, 0.5])
    assert_array_equal(again.predict(X), net.predict(X))
    assert_array_equal(again.gradients(X, y)["dW1"], net.gradients(X, y)["dW1"])
    assert_array_equal(pickle.loads(pickle.dumps(net)).predict(X), net.predict(X))


# files whose checksum is right and that still describe no network


def description():
    net = pl.Network([2, 1], seed=0)
    return net._header(), dict(net.parameters)


@pytest.mark.parametrize(
    ("changes", "telling"),
    [
        ({"sizes": [3, 1]}, "the arrays do not fit the sizes"),
        ({"sizes": [1, 2]}, "the arrays do not fit the sizes"),
        ({"sizes": [0, 1]}, "A layer size in sizes [0, 1] is 0"),
        ({"sizes": "21"}, "A layer size in sizes"),
        ({"sizes": None}, "The list of sizes"),
        ({"sizes": [10**12, 10**12]}, "the arrays do not fit the sizes"),
        ({"activations": ["tanh"] * 100}, "more activations or dropout rates than layers"),
        ({"activations": ["x+" * 4999 + "x"]}, "1 formulas of 9,999 characters"),
        ({"activations": ["relu" * 100]}, "a name of more than 200 characters"),
        ({"activations": ["nonsense"]}, "Unknown activation 'nonsense'"),
        ({"activations": None}, "NoneType"),
        ({"activations": ["__import__('os').system('true') + x"]}, "A character in the activation is '_'"),
        ({"activations": ["x.__class__"]}, "A character in the activation is '_'"),
        ({"activations": ["(" * 200 + "x" + ")" * 200]}, "The nesting of brackets in the activation is too deep"),
        ({"activations": ["x + " * 2500 + "x"]}, "1 formulas of 10,001 characters"),
        ({"activations": ["9**9**9 + x"]}, "An exponent in the activation"),
        ({"loss": "exec(y_hat) - y"}, "The function in the loss is 'exec'"),
        ({"loss": "log_loss"}, "The output activation in a network with loss log_loss is identity"),
        ({"dtype": "int8"}, "The dtype in the network is 'int8'"),
        ({"dtype": "nonsense"}, "The dtype in the network is 'nonsense'"),
        ({"l2": -1}, "L2 in the network is -1"),
        ({"dropout": [2]}, "The number of dropout rates"),
        ({"seed": "x"}, "the seed is 'x'"),
        ({"seed": -1}, "the seed is -1"),
        ({"seed": 2**63}, "the seed is 9223372036854775808"),
        ({"history": {"columns": 3}}, "the history is not columns of numbers"),
        ({"architecture": None}, "NoneType"),
    ],
)
def test_a_description_that_makes_no_network_is_refused(path, changes, telling):
    header, arrays = description()
    if "architecture" in changes or set(changes) & {"dtype", "seed", "history"}:
        header.update(changes)
    else:
        header["architecture"].update(changes)
    write_model(path, header, arrays)
    message = refusal(path)
    assert message.startswith(f"The header in {path} is not a description of a network (")
    assert telling in message
    assert message.endswith("expected one that Network.save wrote: save it again.")


def test_huge_sizes_without_any_array(path):
    header, _ = description()
    header["architecture"]["sizes"] = [10**5, 10**5]
    write_model(path, header, {})
    assert "the arrays do not fit the sizes" in refusal(path)


@pytest.mark.parametrize("missing", ["architecture", "dtype", "seed", "history"])
def test_a_description_with_a_part_missing_is_refused(path, missing):
    header, arrays = description()
    del header[missing]
    write_model(path, header, arrays)
    assert f"is not a description of a network ('{missing}')" in refusal(path)


@pytest.mark.parametrize(
    "change",
    [lambda arrays: arrays.pop("b1"), lambda arrays: arrays.update(W2=np.ones(1)), lambda arrays: arrays.update(W1=np.ones((1, 2)))],
)
def test_arrays_that_do_not_fit_are_refused(path, change):
    header, arrays = description()
    change(arrays)
    write_model(path, header, arrays)
    assert "the arrays do not fit the sizes" in refusal(path)


# the places of files


def test_a_missing_file(path):
    assert refusal(path) == f"The model file in {path} is not readable (no such file or directory), {LAST}"


@pytest.mark.parametrize(("name", "told"), [("x" * 300, "file name too long"), ("a\0b", "embedded null byte")])
def test_a_name_that_no_file_can_have(tmp_path, name, told):
    assert refusal(tmp_path / name) == f"The model file in {tmp_path / name} is not readable ({told}), {LAST}"


def test_a_directory(tmp_path):
    assert refusal(tmp_path) == f"The model file in {tmp_path} is a directory, {LAST}"


def test_a_file_without_permission_to_read(small, path, monkeypatch):
    save_bytes(small, path)

    def refuse(*args, **options):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pellucid.storage.open", refuse, raising=False)
    assert refusal(path) == f"The model file in {path} is not readable (permission denied), {LAST}"


@pytest.mark.parametrize("call", ["tempfile.mkstemp", "os.replace"])
def test_a_place_without_permission_to_write(small, path, monkeypatch, call):
    def refuse(*args, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(f"pellucid.files.{call}", refuse)
    with pytest.raises(pl.OutputError, match=r"is refused \(permission denied\)") as caught:
        small.save(path)
    assert isinstance(caught.value, OSError)
    assert list(path.parent.iterdir()) == []


def test_an_existing_file_is_kept_unless_forced(small, path):
    path.write_bytes(b"precious")
    with pytest.raises(pl.OutputError, match=r"is there already, expected a new name: .*force=True"):
        small.save(path)
    assert path.read_bytes() == b"precious"
    small.save(path, force=True)
    assert_array_equal(pl.Network.load(path).vector, small.vector)


def test_a_model_is_not_saved_over_a_directory_or_into_a_missing_folder(small, tmp_path):
    with pytest.raises(pl.OutputError, match="is a directory"):
        small.save(tmp_path, force=True)
    with pytest.raises(pl.OutputError, match="is missing or no folder"):
        small.save(tmp_path / "no" / "model")


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_crash_while_saving_leaves_the_old_model(small, path, monkeypatch, call):
    before = save_bytes(small, path)

    def crash(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"pellucid.files.os.{call}", crash)
    small.vector += 1
    with pytest.raises(KeyboardInterrupt):
        small.save(path, force=True)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_the_checksum_is_a_sha256_of_description_names_types_shapes_and_bytes():
    content = {"b": 1, "a": 2}
    array = np.arange(3.0)
    text = '{"a":2,"b":1}' + '["x","float64",[3]]'
    assert storage._checksum(content, {"x": array}) == hashlib.sha256(text.encode() + array.tobytes()).hexdigest()
