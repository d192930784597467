"""The review of gradients: what it says of each mistake, of right gradients in every dress, and of what it cannot know."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from glassbox.review import student
from glassbox.review.faults import Case


def case(sizes=(4, 5, 3), rules=("tanh", "softmax"), loss="cross_entropy", m=6, seed=0, convention="columns", weighted=False, **options):
    net = pl.Network(list(sizes), list(rules), loss, seed=seed, **options)
    rng = np.random.default_rng(seed)
    net.vector[net.architecture.n_weights :] = rng.normal(size=sum(sizes[1:])) * 0.3
    X, n = rng.normal(size=(m, sizes[0])), sizes[-1]
    Y = np.eye(n)[rng.integers(n, size=m)] if loss in ("cross_entropy", "log_loss") else rng.random((m, n))
    masks = net.dropout_mask(m) or None
    return Case(net, X, Y, rng.random(m) + 0.5 if weighted else None, masks, convention)


def verdicts(review):
    return {name: verdict.verdict for name, verdict in review.items()}


def wrong(review):
    return {name: verdict.verdict for name, verdict in review.items() if verdict.verdict != "correct"}


SQUARE = {"sizes": (4, 4, 4, 4), "rules": ("relu", "tanh", "softmax")}
L2, DROPOUT, SIGMOID = {"l2": 0.5}, {"dropout": 0.4}, {"rules": ("tanh", "sigmoid"), "loss": "log_loss"}
SAID = [
    # what is planted, the network, what the verdict on that array is
    (("transposed", "dW2", None), {}, "transposed"),
    (("transposed", "dz1", None), {}, "transposed"),
    (("transposed", "dW2", None), SQUARE, "transposed"),
    (("wrong sign", "dz2", None), {}, "wrong sign"),
    (("wrong sign", "db1", None), {}, "wrong sign"),
    (("missing 1/m", "dW2", None), {}, "missing 1/m"),
    (("missing 1/m", "dW1", None), L2, "missing 1/m"),
    (("missing 1/m", "db1", None), {"weighted": True}, "missing 1/m"),
    (("extra 1/m", "dW1", None), {}, "extra 1/m"),
    (("factor", "dz2", 2.0), {}, "factor 2"),
    (("factor", "dW2", 0.5), L2, "factor 1/2"),
    (("factor", "db2", 4.0), {}, "factor 4"),
    (("factor", "dW2", 3.7), L2, "factor 3.7"),
    (("derivative missing", "dz1", None), {}, "activation derivative missing"),
    (("derivative at a", "dz1", None), {}, "derivative taken at a instead of z"),
    (("derivative at layer", "dz2", 1), SQUARE, "derivative taken at the wrong layer"),
    (("other activations", "dW2", 0), {}, "activations of the wrong layer"),
    (("other activations", "dW3", 1), SQUARE, "activations of the wrong layer"),
    (("not transposed", "da2", None), SQUARE, "W not transposed"),
    (("updated W", "da1", 0.3), {}, "updated W used"),
    (("wrong axis", "db2", "sum"), {}, "summed over the wrong axis"),
    (("wrong axis", "db1", "mean"), {}, "summed over the wrong axis"),
    (("wrong axis", "db1", "all"), {}, "summed over the wrong axis"),
    (("one sample", "db1", 2), {}, "taken from one sample"),
    (("element-wise", "dW2", False), SQUARE, "element-wise instead of matrix product"),
    (("element-wise", "da2", None), {**SQUARE, "m": 4}, "element-wise instead of matrix product"),
    (("diagonal", "dz2", None), {"loss": "mse"}, "softmax Jacobian replaced by its diagonal"),
    (("error not exact", "dz2", None), {"rules": ("tanh", "sigmoid"), "loss": "mse"}, "y_hat - y used where it is not exact"),
    (("error not exact", "dz2", None), {"loss": "log_loss"}, None),
    (("loss derivative missing", "da2", None), SIGMOID, "loss derivative missing"),
    (("l2 missing", "dW1", None), L2, "L2 term missing"),
    (("l2 doubled", "dW2", None), L2, "L2 term doubled"),
    (("l2 on biases", "db2", None), L2, "L2 term applied to biases"),
    (("dropout mask missing", "dz1", None), DROPOUT, "dropout mask missing"),
    (("relu mask", "dz1", "da"), SQUARE, "ReLU mask from the wrong array"),
    (("times input", "db1", "a"), {}, "bias gradient multiplied by the input"),
    (("times input", "db2", "x"), {}, "bias gradient multiplied by the input"),
    (("counted twice", "dz2", None), {}, "softmax derivative counted twice"),
    (("counted twice", "dz2", None), SIGMOID, "output derivative counted twice"),
]  # fmt: skip


@pytest.mark.parametrize("convention", ["columns", "rows"])
@pytest.mark.parametrize(("fault", "options", "said"), SAID, ids=[f"{fault[0]} {fault[1]} {said}" for fault, _, said in SAID])
def test_each_mistake_is_named_where_it_is_and_the_rest_follows(fault, options, said, convention):
    given = case(convention=convention, **options)
    right, claimed, place = given.gradients(), given.gradients([fault]), fault[1]
    review = given.review(claimed)
    if said is None:  # the diagonal of the Jacobian makes y_hat - y of this loss's derivative, too
        assert review[place].verdict == "y_hat - y used where it is not exact or softmax Jacobian replaced by its diagonal"
    else:
        assert review[place].verdict == said
        assert review[place].causes == ((said,),)
    assert review[place].where == place
    assert review.roots == (review[place],)
    assert not review.passed
    for name, verdict in review.items():
        if name != place:
            unchanged = np.abs(claimed[name] - right[name]).max() <= 1e-12 * np.abs(right[name]).max()
            assert verdict.verdict == ("correct" if unchanged else f"consequence of {place}"), name


@pytest.mark.parametrize("convention", ["columns", "rows"])
@pytest.mark.parametrize(
    ("fault", "options", "said"),
    [
        (("derivative missing", "dz1", None), {}, "activation derivative missing"),
        (("wrong sign", "dz2", None), {}, "wrong sign"),
        (("factor", "dz2", 2.0), L2, "factor 2"),
        (("not transposed", "da2", None), SQUARE, "W not transposed"),
        (("updated W", "da1", 0.05), L2, "updated W used"),
        (("counted twice", "dz2", None), {}, "softmax derivative counted twice"),
        (("dropout mask missing", "dz1", None), DROPOUT, "dropout mask missing"),
        (("extra 1/m", "dz2", None), {}, "extra 1/m"),
        (("factor", "dz2", 3.7), {}, "factor 3.7"),
    ],
)
def test_a_mistake_in_an_array_that_was_not_handed_in_is_found_by_what_it_does(fault, options, said, convention):
    given, place = case(convention=convention, **options), fault[1]
    claimed = {name: value for name, value in given.gradients([fault]).items() if name[:2] in ("dW", "db")}
    review = given.review(claimed)
    layer = int(place[2])
    first = f"dW{layer}"
    assert review[first].verdict == said
    assert review[first].where[2:] == place[2:], "in this layer; da and dz of it cannot always be told apart"
    assert "which was not handed in" in review[first].explanation
    where = review[first].where
    for name in claimed:
        if int(name[2]) > layer:
            assert review[name].verdict == "correct"
        elif name != first:
            assert review[name].verdict == f"consequence of {where}"
    assert review.roots == (review[first],)


def test_the_learning_rate_of_an_updated_W_is_told():
    given = case()
    review = given.review(given.gradients([("updated W", "da1", 0.037)]))
    assert "with a learning rate of 0.037" in review["da1"].explanation
    assert review["da1"].their_equation == "da^[1] = (W^[2] - α dW^[2])ᵀ dz^[2]"


def test_a_mistake_in_a_loop_is_named_in_every_layer():
    given = case(**SQUARE)
    review = given.review(given.gradients([("missing 1/m", "everywhere", None)]))
    assert wrong(review) == {f"{kind}{layer}": "missing 1/m" for kind in ("dW", "db") for layer in (1, 2, 3)}
    only = {name: value for name, value in given.gradients([("derivative missing", "everywhere", None)]).items() if name[:2] == "dW"}
    assert [review_of.verdict for review_of in given.review(only).roots] == ["activation derivative missing"] * 3


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ([("missing 1/m", "dW1", None), ("wrong sign", "dW1", None)], {"dW1": "wrong sign and missing 1/m"}),
        ([("l2 missing", "dW2", None), ("transposed", "dW2", None)], {"dW2": "transposed and L2 term missing"}),
        ([("derivative missing", "dz1", None), ("factor", "dz2", 2.0)], {"dz2": "factor 2", "dz1": "activation derivative missing"}),
        ([("one sample", "db1", 0), ("l2 doubled", "dW1", None)], {"db1": "taken from one sample", "dW1": "L2 term doubled"}),
    ],
)
def test_two_mistakes_are_both_named(faults, said):
    given = case(l2=0.5)
    review = given.review(given.gradients(faults))
    assert {verdict.name: verdict.verdict for verdict in review.roots} == said


def test_a_mistake_of_its_own_on_top_of_a_consequence_is_told_as_both():
    given = case()
    review = given.review(given.gradients([("wrong sign", "dz2", None), ("missing 1/m", "dW2", None)]))
    assert wrong(review)["dW2"] == "missing 1/m"
    assert review["dW2"].explanation.endswith("; apart from that it follows from dz2 as it was handed in")
    assert wrong(review)["db2"] == "consequence of dz2"


# What the data cannot tell


def test_with_two_samples_a_factor_2_and_a_missing_mean_are_both_named():
    given = case(m=2)
    review = given.review({"dW1": given.gradients([("missing 1/m", "dW1", None)])["dW1"]})
    assert set(review["dW1"].causes) == {("missing 1/m",), ("factor 2",)}
    assert review["dW1"].verdict in ("factor 2 or missing 1/m", "missing 1/m or factor 2")
    assert "these numbers cannot tell which" in review["dW1"].explanation


def test_with_one_sample_a_missing_mean_is_no_mistake_and_with_one_unit_a_transpose_is_none():
    given = case(sizes=(1, 1, 1), rules=("tanh", "sigmoid"), loss="log_loss", m=1)
    right = given.gradients()
    for faults in ([("missing 1/m", "everywhere", None)], [("transposed", "dW1", None)]):
        assert given.review(given.gradients(faults)).passed
    assert given.review({name: value.T for name, value in right.items()}).passed


def test_of_one_number_a_factor_without_a_name_is_no_explanation():
    given = case(sizes=(1, 1), rules=("sigmoid",), loss="log_loss")
    review = given.review({"dW1": given.gradients()["dW1"] * 1.2345})
    assert review["dW1"].verdict == "unrecognised"


def test_what_no_mistake_explains_is_unrecognised_with_where_and_how_much():
    given = case(convention="rows")
    claimed = given.gradients()
    size = np.abs(claimed["dW1"]).max()
    claimed["dW1"][2, 3] += size / 4
    review = given.review(claimed)
    verdict = review["dW1"]
    assert wrong(review) == {"dW1": "unrecognised"}
    assert verdict.residual == pytest.approx(0.25)
    assert verdict.worst == (3, 2), "as it was handed in: rows"
    assert verdict.claimed - verdict.right == pytest.approx(size / 4)
    assert f"at index (3, 2): {verdict.claimed:.6g} instead of {verdict.right:.6g}" in verdict.explanation
    assert verdict.their_equation == ""


def test_what_follows_exactly_from_something_unrecognised_is_a_consequence():
    given = case()
    right, noise = given.gradients(), np.random.default_rng(1).normal(size=(3, 6))
    claimed = {"dz2": noise, "dW2": noise @ np.tanh(given.net.parameters["W1"].T @ given.X.T + given.net.parameters["b1"][:, None]).T / 6}
    review = given.review({**claimed, "db2": right["db2"]})
    assert verdicts(review) == {"dz2": "unrecognised", "dW2": "consequence of dz2", "db2": "correct"}


def test_from_few_samples_an_unrecognised_dz_is_worked_back():
    given = case(m=3)
    noise = np.random.default_rng(1).normal(size=(3, 3))
    W1, b1, W2 = (given.net.parameters[name].T for name in ("W1", "b1", "W2"))
    a1 = np.tanh(W1 @ given.X.T + b1[:, None])
    claimed = {"dW2": noise @ a1.T / 3, "db2": noise.mean(axis=1), "dW1": (W2.T @ noise * (1 - a1**2)) @ given.X / 3}
    review = given.review(claimed)
    assert verdicts(review) == {"dW2": "unrecognised", "db2": "consequence of dz2", "dW1": "consequence of dz2"}
    assert review["dW2"].where == "dz2"
    W2_alone = given.review({"dW2": np.random.default_rng(2).normal(size=(3, 5))})
    assert W2_alone["dW2"].where == "dW2", "three numbers a unit for three samples: anything could be worked back"


# Right gradients in every dress


@pytest.mark.parametrize("convention", ["columns", "rows"])
@pytest.mark.parametrize("options", [{}, L2, DROPOUT, {"weighted": True}, SQUARE, {**SIGMOID, "l2": 0.1, "dropout": 0.2, "weighted": True}])
def test_right_gradients_are_correct(options, convention):
    given = case(convention=convention, **options)
    review = given.review(given.gradients())
    assert set(verdicts(review).values()) == {"correct"}
    assert review.passed
    assert not review.roots


def test_gradients_of_the_network_itself_are_correct():
    for dtype in ("float64", "float32"):
        given = case(dtype=dtype, l2=0.3)
        for convention in ("columns", "rows"):
            trace = given.net.trace(given.X, given.Y, convention)
            claimed = {name: trace[name] for name in trace if name.startswith("d")}
            assert pl.review_gradients(claimed, given.net, given.X, given.Y, convention).passed
        assert pl.review_gradients(given.net.gradients(given.X, given.Y), given.net, given.X, given.Y, "rows").passed


def test_arrays_of_float32_are_held_to_float32_and_of_float64_to_one_in_ten_million():
    given = case()
    right, rng = given.gradients(), np.random.default_rng(0)
    single = {name: value.astype(np.float32) for name, value in right.items()}
    assert given.review(single).passed
    noisy = {name: value * (1 + rng.uniform(-4e-7, 4e-7, value.shape)) for name, value in right.items()}
    review = given.review(noisy)
    assert set(verdicts(review).values()) == {"rounding of float32"}
    assert not review.passed
    assert review.summary == "right, but only to the rounding of float32"
    assert given.review({name: value.astype(np.float32) for name, value in noisy.items()}).passed
    a_mistake = given.review({name: -value for name, value in noisy.items()})
    assert a_mistake.roots[0].verdict == "wrong sign", "seen through the rounding"


@pytest.mark.parametrize(("off", "correct"), [(0.9e-7, True), (1.1e-7, False), (1e-4, False)])
def test_one_part_in_ten_million_of_the_largest_entry_is_the_line(off, correct):
    given = case()
    claimed = given.gradients()
    claimed["dW1"][0, 0] += off * np.abs(claimed["dW1"]).max()
    assert (given.review(claimed)["dW1"].verdict == "correct") is correct


def test_a_mean_that_is_kept_in_dz_is_another_convention():
    for weighted in (False, True):
        given = case(weighted=weighted)
        s = np.ones(6) if given.s is None else given.s
        claimed = given.gradients()
        scaled = [name for name in claimed if name[:2] in ("da", "dz", "dX") and name != "da2"]
        kept = {name: value * s / s.sum() if name in scaled else value for name, value in claimed.items()}
        review = given.review(kept)
        assert review.passed
        assert wrong(review) == dict.fromkeys(scaled, "other convention")
        twice = {name: value / s.sum() if name[:2] in ("dW", "db") else value for name, value in kept.items()}
        if not weighted:
            assert wrong(given.review(twice))["dz2"] == "extra 1/m"


def test_with_dz_alone_both_readings_of_a_mean_in_it_are_told():
    given = case()
    review = given.review({"dz2": given.gradients()["dz2"] / 6})
    assert review["dz2"].verdict == "other convention"
    assert review["dz2"].causes == (("mean kept in dz",), ("extra 1/m",))
    assert "hand in dW, too, to tell" in review["dz2"].explanation


def test_the_other_derivative_at_a_kink_is_another_convention():
    given = case(rules=("relu", "softmax"))
    given.net.vector[given.net.architecture.n_weights :] = 0
    given.X[0] = 0  # every z1 of this sample is exactly 0
    W1, W2 = (given.net.parameters[name].T for name in ("W1", "W2"))
    z1 = W1 @ given.X.T
    dz2 = student.softmax(W2 @ np.maximum(0, z1)) - given.Y.T
    for side in (z1 > 0, (z1 > 0) + 0.5 * (z1 == 0)):
        dz1 = W2.T @ dz2 * side
        review = given.review({"dz1": dz1, "dW1": dz1 @ given.X / 6, "db1": dz1.mean(axis=1)})
        assert verdicts(review) == {"dz1": "other convention", "dW1": "correct", "db1": "other convention"}
        assert review.passed
        kept = given.review({"dz1": dz1 / 6, "dW1": dz1 @ given.X / 6, "db1": dz1.mean(axis=1)})
        assert verdicts(kept) == verdicts(review), "both conventions at once"


def test_a_saturated_output_is_reviewed_by_the_exact_form():
    given = case(sizes=(2, 1), rules=("sigmoid",), loss="log_loss", m=4)
    given.net.vector[...] = [40.0, 40, 40]
    given.X[...], given.Y[::2] = np.abs(given.X) + 1, 0
    z = (given.X @ given.net.parameters["W1"] + 40).T
    dz = 1 / (1 + np.exp(-z)) - given.Y.T
    right = {"dz1": dz, "dW1": dz @ given.X / 4, "db1": dz.mean(axis=1)}
    assert given.review(right).passed
    assert given.review({**right, "da1": given.net.trace(given.X, given.Y)["da1"]}).passed, "infinite where ours is"
    assert given.review({name: -value for name, value in right.items()})["dz1"].verdict == "wrong sign"


def test_sums_that_cancel_are_granted_their_rounding():
    """At a minimum the gradient is nothing but what is left of terms that cancel."""
    net = pl.Network([1, 1], ["identity"], "half_mse")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 1))
    y = 2 * X[:, 0] + rng.normal(size=200)
    net.parameters["W1"][...], net.parameters["b1"][...] = (value for value in np.split(np.linalg.lstsq(np.c_[X, np.ones(200)], y)[0], 2))
    error = (X[:, 0] * net.parameters["W1"].item() + net.parameters["b1"].item()) - y
    backwards = {"dW1": [[error[::-1] @ X[::-1, 0] / 200]], "db1": [error[::-1].mean()]}
    assert np.abs(backwards["dW1"]).max() < 1e-14
    assert pl.review_gradients(backwards, net, X, y).passed
    assert not pl.review_gradients({"db1": [1e-9]}, net, X, y).passed


# How they are handed in


@pytest.mark.parametrize("convention", ["columns", "rows"])
def test_a_function_gets_copies_in_the_convention(convention):
    given, seen = case(convention=convention), {}

    def backward(parameters, X, y):
        seen.update(parameters, X=X, y=y)
        found = {name: given.laid(name, value) for name, value in given.gradients().items()}
        for array in seen.values():
            array[...] = 7
        return found

    before = given.net.vector.copy(), given.X.copy()
    assert pl.review_gradients(backward, given.net, given.X, given.Y, convention).passed
    assert np.array_equal(given.net.vector, before[0])
    assert np.array_equal(given.X, before[1])
    rows = {"W1": (4, 5), "b1": (5,), "W2": (5, 3), "b2": (3,), "X": (6, 4), "y": (6, 3)}
    columns = {"W1": (5, 4), "b1": (5, 1), "W2": (3, 5), "b2": (3, 1), "X": (4, 6), "y": (3, 6)}
    assert {name: array.shape for name, array in seen.items()} == (rows if convention == "rows" else columns)


def test_what_a_function_raises_is_the_users_own():
    given = case()

    def backward(parameters, X, y):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="^mine$"):
        pl.review_gradients(backward, given.net, given.X, given.Y)


def test_all_in_the_other_convention_is_said_once():
    given = case()
    review = given.review({name: value.T for name, value in given.gradients().items()})
    assert set(verdicts(review).values()) == {"transposed"}
    assert review.notes == ("Every array is laid out as in the rows convention and right in it: pass convention='rows'.",)
    assert str(review).endswith(review.notes[0])
    one = given.review({**given.gradients(), "dW1": given.gradients()["dW1"].T})
    assert wrong(one) == {"dW1": "transposed"}
    assert not one.notes


def test_fitted_weights_and_class_numbers_are_taken():
    net = pl.Network([3, 4, 2], ["tanh", "softmax"])
    X, y = np.random.default_rng(0).normal(size=(5, 3)), [0, 1, 1, 0, 1]
    assert pl.review_gradients(net.gradients(X, y), net, X, y, convention="rows").passed
