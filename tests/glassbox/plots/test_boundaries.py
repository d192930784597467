"""Decision boundaries: they lie where the answer changes, for networks and for estimators."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.colors import to_rgba
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from numpy.testing import assert_allclose
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pellucid as pl

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 2))
LINE = (X[:, 0] + 0.5 * X[:, 1] > 0.1).astype(int)
XOR = (X[:, 0] * X[:, 1] > 0).astype(int)


@pytest.fixture
def axes():
    return Figure().add_subplot()


@pytest.fixture(scope="module")
def two_layers():
    net = pl.Network([2, 8, 1], ["tanh", "sigmoid"], l2=0.3, seed=1)
    net.fit(X, XOR, optimizer=pl.LBFGS(), epochs=60, engine="reference")
    return net


def neuron():
    net = pl.Network([2, 1], ["sigmoid"])
    net.parameters["W1"][...] = [[2.0], [1.0]]
    net.parameters["b1"][...] = -0.2
    return net


def points(ax):
    """Of all boundary lines in it."""
    lines = [found for found in ax.collections if isinstance(found, ContourSet)]
    return np.concatenate([path.vertices for line in lines for path in line.get_paths()])


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_item_26_one_neuron_draws_a_line(axes):
    """Item 26: sigmoid(w x + b) = 1/2 where w x + b = 0."""
    assert pl.plots.decision_boundary(neuron(), X, LINE, axes) is axes
    found = points(axes)
    assert len(found) > 50
    assert_allclose(2 * found[:, 0] + found[:, 1], 0.2, atol=1e-6)
    assert labels(axes) == ["0", "1", "boundary"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$x_1$", "$x_2$")


def test_item_26_a_second_layer_bends_it(axes, two_layers):
    pl.plots.decision_boundaries({"one neuron": neuron(), "two layers": two_layers}, X, XOR, axes)
    straight, bent = (found for found in axes.collections if isinstance(found, ContourSet))
    direction = np.array([1.0, -2.0]) / np.sqrt(5)
    (vertices,) = (path.vertices for path in straight.get_paths())
    assert_allclose(np.abs(np.diff(vertices, axis=0)[5] @ direction), np.linalg.norm(np.diff(vertices, axis=0)[5]), rtol=1e-6)
    curved = np.concatenate([path.vertices for path in bent.get_paths()])
    assert_allclose(two_layers.predict(curved), 0.5, atol=0.05)
    assert np.linalg.matrix_rank(curved - curved.mean(axis=0), tol=0.5) == 2
    right = [100 * np.mean((net.predict(X)[:, 0] > 0.5) == XOR) for net in (neuron(), two_layers)]
    assert labels(axes) == ["0", "1", f"one neuron: {right[0]:.3g} % right", f"two layers: {right[1]:.3g} % right"]
    assert right[1] > right[0]


def test_the_plane_is_coloured_by_the_probability(axes):
    pl.plots.decision_boundary(neuron(), X, LINE, axes, resolution=20)
    (mesh,) = (found for found in axes.collections if isinstance(found, QuadMesh))
    corners = mesh.get_coordinates()
    middles = (corners[:-1, :-1] + corners[1:, 1:]) / 2
    expected = neuron().predict(middles.reshape(-1, 2))[:, 0]
    assert_allclose(mesh.get_array().ravel(), expected, atol=1e-9)
    assert mesh.norm.vcenter == 0.5


def test_samples_are_drawn_by_their_label_in_colour_and_shape(axes):
    pl.plots.decision_boundary(neuron(), X, LINE, axes)
    drawn = [found for found in axes.collections if isinstance(found, PathCollection)]
    for label, found in enumerate(drawn):
        assert_allclose(np.asarray(found.get_offsets()), X[label == LINE])
        assert tuple(found.get_facecolor()[0]) == to_rgba(["#0072B2", "#D55E00"][label])
    assert len({len(found.get_paths()[0].vertices) for found in drawn}) == 2


def test_outputs_of_minus_one_and_one_are_parted_at_zero(axes):
    net = pl.Network([2, 1], ["tanh"], "mse")
    net.parameters["W1"][...] = [[2.0], [1.0]]
    pl.plots.decision_boundary(net, X, 2 * LINE - 1, axes)
    found = points(axes)
    assert_allclose(2 * found[:, 0] + found[:, 1], 0, atol=1e-2)
    assert labels(axes) == ["-1", "1", "boundary"]


def test_two_other_labels_are_parted_in_the_middle(axes):
    net = pl.Network([2, 1], ["identity"], "mse")
    net.parameters["W1"][...] = [[2.0], [1.0]]
    net.parameters["b1"][...] = 1.3
    pl.plots.decision_boundary(net, X, LINE + 1, axes)
    assert_allclose(net.predict(points(axes)), 1.5, atol=1e-9)
    assert labels(axes) == ["1", "2", "boundary"]


@pytest.mark.parametrize("targets", ["indices", "one-hot"])
def test_several_classes_meet_where_two_are_equally_likely(axes, targets):
    net = pl.Network([2, 3], ["softmax"], seed=4)
    y = np.abs(X).argmax(axis=1) + (X[:, 0] > 0.5)
    pl.plots.decision_boundary(net, X, y if targets == "indices" else np.eye(3)[y], axes)
    ordered = np.sort(net.predict(points(axes)), axis=1)
    assert_allclose(ordered[:, 2], ordered[:, 1], atol=2e-2)
    assert labels(axes) == ["0", "1", "2", "boundary"]


def test_an_estimator_with_labels_of_any_kind(axes):
    names = np.array(["no", "yes"])[LINE]
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, names)
    pl.plots.decision_boundary(model, X, names, axes)
    assert_allclose(model.predict_proba(points(axes))[:, 1], 0.5, atol=1e-3)
    assert labels(axes) == ["no", "yes", "boundary"]


def test_our_estimator_on_a_table_names_its_columns(axes):
    table = pd.DataFrame(X, columns=["length", "width"])
    model = pl.MLPClassifier((4,), "tanh", solver="lbfgs", max_iter=50, random_state=0).fit(table, LINE)
    pl.plots.decision_boundary(model, table, LINE, axes, resolution=40)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("length", "width")
    other = pl.plots.decision_boundaries({"ours": model}, table, LINE, Figure().add_subplot(), resolution=40)
    assert_allclose(points(other), points(axes))


def test_a_boundary_outside_the_picture_is_none(axes):
    net = neuron()
    net.parameters["b1"][...] = 1000.0
    pl.plots.decision_boundary(net, X, LINE, axes)
    assert not [found for found in axes.collections if isinstance(found, ContourSet)]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            (neuron(), X[:, :1], LINE),
            "The shape of X in decision_boundary is (60, 1), "
            "expected (m, 2): a plane is drawn: choose two columns, and train on those.",
        ),
        (
            (neuron(), X, LINE[:5]),
            "The shape of y in decision_boundary is (5,), "
            "expected (60,): one label for each row of X.",
        ),
        (
            (neuron(), X, X[:, 0]),
            "Y in decision_boundary is 60 different values, "
            "expected two labels for one output: give the network an output for each class.",
        ),
        (
            (pl.Network([2, 2], ["softmax"]), X, LINE + 1),
            "Y in decision_boundary is labels up to 2, "
            "expected labels 0 to 1: pass indices of outputs.",
        ),
        (
            (pl.Network([3, 1], ["sigmoid"]), X, LINE),
            "The inputs of the network in decision_boundary is 3 of them, "
            "expected 2: a plane is drawn, so train a network on two columns.",
        ),
        (
            (Ridge().fit(X, LINE), X, LINE),
            "The model in decision_boundary is Ridge, "
            "expected a classifier: pass e.g. an MLPClassifier or a Network.",
        ),
        (
            ("net", X, LINE),
            "The model in decision_boundary is a str, "
            "expected a classifier: pass e.g. an MLPClassifier or a Network.",
        ),
        (
            (neuron(), X, ["a", "b"] * 30),
            "Y in decision_boundary is an array of <U1, "
            "expected numbers: use MLPClassifier for labels of any kind.",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(axes, arguments, sentence):
    with pytest.raises(pl.InputError) as caught:
        pl.plots.decision_boundary(*arguments, axes)
    assert str(caught.value) == sentence


def test_no_models_and_no_resolution_are_refused(axes):
    with pytest.raises(pl.InputError, match=r"Models in decision_boundaries is \{\}, expected"):
        pl.plots.decision_boundaries({}, X, LINE, axes)
    with pytest.raises(pl.InputError, match="Resolution in decision_boundary is 0"):
        pl.plots.decision_boundary(neuron(), X, LINE, axes, resolution=0)
