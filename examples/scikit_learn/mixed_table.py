"""Who leaves? A table with numbers, categories and gaps, through a ColumnTransformer, and which columns matter."""

import numpy as np
import pandas as pd
from sklearn import set_config
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.metrics import classification_report
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils import estimator_html_repr

rng = np.random.default_rng(7)
n = 400
frame = pd.DataFrame(
    {
        "age": rng.integers(18, 80, n).astype(float),
        "bill": rng.gamma(2.0, 40.0, n),
        "contract": rng.choice(["monthly", "yearly", "two years"], n),
        "region": rng.choice(["north", "south", None], n),
    }
)
leaves = np.where((frame["contract"] == "monthly") & (frame["bill"] + rng.normal(0, 20, n) > 60), "leaves", "stays")
frame.loc[rng.random(n) < 0.1, "age"] = np.nan
train, test, y_train, y_test = train_test_split(frame, leaves, random_state=0, stratify=leaves)

set_config(transform_output="pandas")
numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
words = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(sparse_output=False, handle_unknown="ignore"))
columns = make_column_transformer(
    (numbers, make_column_selector(dtype_include=np.number)),
    (words, make_column_selector(dtype_exclude=np.number)),
    verbose_feature_names_out=False,
)
model = make_pipeline(columns, MLPClassifier((12,), activation="tanh", solver="adam", max_iter=300, tol=1e-3, random_state=0, alpha=0.01))
model.fit(train, y_train)
set_config(transform_output="default")

mlp = model[-1]
print(type(mlp).__name__, "saw", mlp.n_features_in_, "features:", ", ".join(mlp.feature_names_in_))
print("classes", mlp.classes_, "output", mlp.out_activation_, "layers", mlp.n_layers_, "outputs", mlp.n_outputs_)
print(classification_report(y_test, model.predict(test), digits=4))

importance = permutation_importance(model, test, y_test, n_repeats=5, random_state=0)
for name, mean in zip(test.columns, importance.importances_mean, strict=True):
    print(f"{name:10} {mean:.5f}")
print("partial dependence on the bill", partial_dependence(model, test, ["bill"], grid_resolution=5)["average"].round(6))

unknown = test.head(3).assign(region="east")
print(model.predict_proba(unknown).round(6))
page = estimator_html_repr(model)
print("a picture of the pipeline:", page.count("<div") > 10, "MLPClassifier" in page, "columntransformer" in page.lower())
try:
    model.predict(test.drop(columns="bill"))
except ValueError as error:
    print("without a column:", error)
try:
    mlp.predict(columns.transform(test)[:, :4])
except ValueError as error:
    print("without a feature:", error)
