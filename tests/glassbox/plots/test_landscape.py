"""The loss landscape: its directions, its heights, and the path on it."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure
from numpy.testing import assert_allclose
from sklearn.decomposition import PCA

import pellucid as pl
from pellucid.glassbox.cost import Cost
from pellucid.glassbox.plots.landscape import path_directions, random_direction, surface

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 2))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)


@pytest.fixture
def axes():
    return Figure().add_subplot()


@pytest.fixture(scope="module")
def trained():
    net = pl.Network([2, 5, 1], ["tanh", "sigmoid"], l2=0.1, seed=1)
    path = pl.plots.ParameterPath(net)
    net.fit(X, Y, optimizer=pl.Adam(0.05), batch_size=10, epochs=25, callbacks=[path], engine="reference")
    return net, path


def test_the_path_begins_before_the_training_and_ends_after_it(trained):
    net, path = trained
    assert len(path) == 26
    assert_allclose(path[0], pl.Network([2, 5, 1], ["tanh", "sigmoid"], seed=1).vector)
    assert_allclose(path[25], net.vector)
    assert not np.shares_memory(path[25], net.vector)


def test_every_so_many_epochs_and_the_last():
    net = pl.Network([2, 1], ["sigmoid"])
    path = pl.plots.ParameterPath(net, every=4)
    net.fit(X, Y, epochs=10, callbacks=[path], engine="reference")
    assert len(path) == 1 + 2 + 1
    assert_allclose(path[3], net.vector)
    with pytest.raises(pl.InputError, match="Every in ParameterPath is 0"):
        pl.plots.ParameterPath(net, every=0)


def test_random_directions_have_the_length_of_each_units_weights(trained):
    net, _ = trained
    direction = net.architecture.named(random_direction(net.architecture, net.vector, np.random.default_rng(0)))
    for layer in (1, 2):
        W, d = net.parameters[f"W{layer}"], direction[f"W{layer}"]
        assert_allclose(np.linalg.norm(d, axis=0), np.linalg.norm(W, axis=0), rtol=1e-12)
        assert (direction[f"b{layer}"] == 0).all()
        assert np.abs(np.corrcoef(d.ravel(), W.ravel())[0, 1]) < 0.99


def test_the_directions_of_the_path_are_its_principal_components(trained):
    net, path = trained
    plane, shares = path_directions(np.array(path.points), net.vector, np.random.default_rng(0))
    fitted = PCA(2).fit(np.array(path.points) - net.vector)
    assert_allclose(np.abs(plane @ fitted.components_.T), np.eye(2), atol=1e-9)
    assert_allclose(shares, fitted.explained_variance_ratio_, rtol=1e-9)


def test_a_straight_path_gets_a_second_direction_across_it():
    points = np.outer(np.linspace(1, 0, 5), [3.0, 4.0, 0.0])
    plane, shares = path_directions(points, points[-1], np.random.default_rng(0))
    assert_allclose(np.abs(plane[0]), [0.6, 0.8, 0.0], atol=1e-12)
    assert_allclose(plane @ plane.T, np.eye(2), atol=1e-12)
    assert_allclose(shares, [1, 0], atol=1e-12)


def test_the_heights_are_J_of_the_moved_network(trained):
    net, _ = trained
    cost = Cost(net, X, Y)
    plane = np.stack([random_direction(net.architecture, net.vector, RNG) for _ in range(2)])
    J = surface(cost, plane, np.array([0.0, 0.5]), np.array([-1.0, 0.0, 2.0]))
    assert J.shape == (3, 2)
    assert J[1, 0] == pytest.approx(net.loss(X, Y), rel=1e-12)
    other = pl.Network([2, 5, 1], ["tanh", "sigmoid"], l2=0.1)
    other.vector[...] = net.vector + 0.5 * plane[0] + 2.0 * plane[1]
    assert J[2, 1] == pytest.approx(other.loss(X, Y), rel=1e-9)


def test_the_path_is_projected_onto_the_plane(axes, trained):
    net, path = trained
    assert pl.plots.loss_landscape(net, X, Y, axes, path=path, resolution=9) is axes
    plane, shares = path_directions(np.array(path.points), net.vector, RNG)
    drawn, start, model = axes.get_lines()
    assert_allclose(np.transpose(drawn.get_data()), (np.array(path.points) - net.vector) @ plane.T, atol=1e-9)
    assert_allclose(np.transpose(start.get_data())[0], np.transpose(drawn.get_data())[0])
    assert list(model.get_data()) == [[0], [0]]
    assert axes.get_xlabel() == f"$u$, along $d_1$ ({100 * shares[0]:.3g} % of the path)"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["path of the training", "start", "the model"]
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    u, v = drawn.get_data()
    assert left < u.min() <= u.max() < right
    assert bottom < v.min() <= v.max() < top


def test_random_directions_reach_as_far_as_is_asked(axes, trained):
    net, path = trained
    pl.plots.loss_landscape(net, X, Y, axes, path=path, directions="random", span=0.5, resolution=5)
    assert axes.get_xlim() == axes.get_ylim() == (-0.5, 0.5)
    assert axes.get_xlabel() == "$u$, along $d_1$"
    assert len(axes.get_lines()) == 3
    other = Figure().add_subplot()
    pl.plots.loss_landscape(net, X, Y, other, resolution=5)
    assert other.get_xlim() == (-1, 1)
    assert len(other.get_lines()) == 1


def test_the_contours_cover_the_heights(axes, trained):
    net, _ = trained
    pl.plots.loss_landscape(net, X, Y, axes, resolution=11, seed=3)
    rng = np.random.default_rng(3)
    plane = np.stack([random_direction(net.architecture, net.vector, rng) for _ in range(2)])
    J = surface(Cost(net, X, Y), plane, np.linspace(-1, 1, 11), np.linspace(-1, 1, 11))
    filled = next(found for found in axes.collections if isinstance(found, QuadContourSet))
    assert filled.levels[0] == pytest.approx(J.min())
    assert filled.levels[-1] == pytest.approx(J.max())
    assert axes.figure.axes[1].get_ylabel() == "$J$"


def test_where_J_overflows_nothing_is_drawn_and_nothing_fails(axes):
    net = pl.Network([1, 1], ["exp"], seed=0)
    net.parameters["W1"][...] = 1.0
    ax = pl.plots.loss_landscape(net, [[600.0]], [1.0], axes, span=3.0, resolution=9)
    axes.figure.canvas.draw()
    assert ax.collections


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            {"path": [np.zeros(3)]},
            "The path in loss_landscape is of shape (1, 3), "
            "expected finite vectors of 21 parameters: record a ParameterPath.",
        ),
        (
            {"path": "ab"},
            "The path in loss_landscape is no list of vectors, "
            "expected finite vectors of 21 parameters: record a ParameterPath.",
        ),
        (
            {"directions": "path"},
            "The path in loss_landscape is missing, "
            "expected one for directions='path': record a ParameterPath.",
        ),
        (
            {"directions": "up"},
            "Directions in loss_landscape is 'up', "
            "expected one of random, path: choose one of them.",
        ),
        (
            {"path": np.zeros((4, 21))},
            "The path in loss_landscape is 4 points that are all the same, "
            "expected two different points at least: record it from before the training on.",
        ),
        ({"span": 0}, "Span in loss_landscape is 0, expected a positive number: e.g. span=1.0."),
        (
            {"resolution": 0},
            "Resolution in loss_landscape is 0, "
            "expected a whole number of at least 1: choose e.g. 10.",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(axes, trained, arguments, sentence):
    with pytest.raises(pl.InputError) as caught:
        pl.plots.loss_landscape(trained[0], X, Y, axes, **arguments)
    assert str(caught.value) == sentence
