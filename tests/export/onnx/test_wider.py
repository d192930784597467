"""Steps and ensembles beyond the plain description: skl2onnx with our converters."""

import sys
import warnings

import numpy as np
import onnx
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingClassifier, VotingRegressor
from sklearn.impute import KNNImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import PolynomialFeatures, SplineTransformer, StandardScaler

import exportable
import pellucid as pl
from pellucid.export.onnx import converters, words

IRIS, DIABETES = exportable.IRIS, exportable.DIABETES


def trained(model, X=IRIS.data, y=exportable.LABELS):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y)


CASES = {
    "pca": lambda: trained(make_pipeline(StandardScaler(), PCA(2), exportable.classifier())),
    "union": lambda: trained(make_pipeline(FeatureUnion([("a", StandardScaler()), ("b", PCA(2))]), exportable.classifier())),
    "bagging": lambda: trained(BaggingClassifier(exportable.classifier(), 2, random_state=0)),
    "calibrated": lambda: trained(CalibratedClassifierCV(exportable.classifier(), cv=2)),
    "voting": lambda: trained(
        VotingRegressor([("a", exportable.regressor()), ("b", make_pipeline(StandardScaler(), exportable.regressor()))]),
        DIABETES.data,
        DIABETES.target,
    ),
    "target": lambda: trained(
        TransformedTargetRegressor(make_pipeline(PCA(3), exportable.regressor()), transformer=StandardScaler()),
        DIABETES.data,
        DIABETES.target,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_steps_and_ensembles(tmp_path, name):
    model = CASES[name]()
    report = pl.export_onnx(model, tmp_path / "model.onnx")
    assert report.difference <= 1e-12
    assert report.notes == ("Converted by skl2onnx, which computes some steps in float.",)
    onnx.checker.check_model(onnx.load(tmp_path / "model.onnx"), full_check=True)
    rows = DIABETES.data if model.n_features_in_ == 10 else IRIS.data
    assert pl.export_onnx(model, tmp_path / "model.onnx", rows=rows, force=True).n_rows == len(rows)


def test_a_step_that_is_known_in_float_only(tmp_path):
    model = trained(make_pipeline(PolynomialFeatures(2), StandardScaler(), exportable.classifier()))
    report = pl.export_onnx(model, tmp_path / "model.onnx")
    assert 1e-12 < report.difference < 1e-5


def test_names_of_columns_are_kept(tmp_path):
    from sklearn.datasets import load_iris

    frame = load_iris(as_frame=True).data
    model = trained(make_pipeline(StandardScaler(), PCA(2), exportable.classifier()), frame)
    pl.export_onnx(model, tmp_path / "model.onnx", rows=frame)
    assert [one.name for one in onnx.load(tmp_path / "model.onnx").graph.input] == list(frame.columns)


def test_skl2onnx_itself_knows_our_estimators(tmp_path):
    import skl2onnx

    converters.register()
    model = trained(exportable.classifier())
    made = skl2onnx.to_onnx(model, IRIS.data[:1], options={"zipmap": False})
    path = tmp_path / "model.onnx"
    path.write_bytes(made.SerializeToString())
    from pellucid.export.onnx.runtime import by_onnxruntime

    found = by_onnxruntime(path.read_bytes(), {"X": IRIS.data})
    assert (found["label"] == model.predict(IRIS.data)).all()
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(IRIS.data), rtol=1e-12)


def test_a_step_that_nobody_knows_is_named(tmp_path):
    model = trained(make_pipeline(SplineTransformer(), exportable.classifier()))
    with pytest.raises(
        pl.InputError, match="The pipeline step in the ONNX export is SplineTransformer, expected one that skl2onnx converts"
    ):
        pl.export_onnx(model, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_step_that_needs_another_opset_is_named(tmp_path):
    model = trained(make_pipeline(StandardScaler(), KNNImputer(), exportable.classifier()))
    with pytest.raises(pl.InputError, match=r"A step of the pipeline in the ONNX export is KNNImputer, which is refused \(.*opset"):
        pl.export_onnx(model, tmp_path / "model.onnx", opset=15)
    assert list(tmp_path.iterdir()) == []


def test_the_other_exports_name_a_step_too(tmp_path):
    model = CASES["pca"]()
    for export in (pl.export_numpy, pl.export_json):
        with pytest.raises(pl.InputError, match="PCA"):
            export(model, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_pipeline_without_a_network_of_ours(tmp_path):
    model = trained(make_pipeline(PCA(2), LogisticRegression()))
    with pytest.raises(pl.InputError, match="LogisticRegression that is not fitted or has no network of ours"):
        pl.export_onnx(model, tmp_path / "model.onnx")


def test_a_wrong_operator_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(words, "_is_relu", lambda *parts: False)
    monkeypatch.setitem(words.WORDS, "where", lambda condition, then, otherwise: otherwise)
    with pytest.raises(pl.ExportError, match="The difference in onnxruntime is"):
        pl.export_onnx(CASES["pca"](), tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_without_skl2onnx(tmp_path, monkeypatch):
    converters.register.cache_clear()
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(pl.DependencyError, match=r"skl2onnx, not installed, .*pip install 'pellucid\[onnx\]'"):
        pl.export_onnx(CASES["pca"](), tmp_path / "model.onnx")
