"""Sample weights through pipelines and searches: what each step asks for, and what it gets."""

import numpy as np
import sklearn
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

sklearn.set_config(enable_metadata_routing=True)
try:
    X, y = make_classification(240, 8, weights=[0.8], flip_y=0.05, random_state=2)
    weight = np.where(y == 1, 4.0, 1.0)

    settings = {"hidden_layer_sizes": (10,), "max_iter": 40, "learning_rate_init": 0.02, "random_state": 0}
    weighted = MLPClassifier(**settings).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    routing = weighted.get_metadata_routing()
    print("weights for fit:", routing.fit.requests["sample_weight"], "for score:", routing.score.requests["sample_weight"])
    found = cross_validate(
        make_pipeline(StandardScaler().set_fit_request(sample_weight=False), weighted), X, y, params={"sample_weight": weight}
    )
    print("weighted", found["test_score"].round(6))

    plain = MLPClassifier(**settings).set_fit_request(sample_weight=False).set_score_request(sample_weight=False)
    found = cross_validate(plain, X, y, params={}, cv=3)
    print("plain", found["test_score"].round(6))

    search = GridSearchCV(weighted, {"alpha": [1e-4, 1.0]}, cv=3).fit(X, y, sample_weight=weight)
    print("search", search.best_params_, round(search.best_score_, 6), search.cv_results_["mean_test_score"].round(6))
    renamed = MLPClassifier(**settings).set_fit_request(sample_weight="importance").set_score_request(sample_weight="importance")
    found = cross_validate(renamed, X, y, params={"importance": weight}, cv=3)
    print("renamed", found["test_score"].round(6))

    stream = MLPRegressor(**settings).set_partial_fit_request(sample_weight=True)
    print("in pieces", stream.get_metadata_routing().partial_fit.requests["sample_weight"])
    for rows in np.array_split(np.arange(240), 6):
        stream.partial_fit(X[rows], y[rows].astype(float), sample_weight=weight[rows])
    print("loss", round(stream.loss_, 8), [round(loss, 8) for loss in stream.loss_curve_[:3]])

    try:
        cross_validate(MLPClassifier(**settings), X, y, params={"sample_weight": weight}, cv=3)
    except sklearn.exceptions.UnsetMetadataPassedError as error:
        print("nobody asked:", str(error).split(" for ")[0][:90])
finally:
    sklearn.set_config(enable_metadata_routing=False)

recall = [(MLPClassifier(**settings).fit(X, y, sample_weight=w).predict(X)[y == 1] == 1).mean().round(6) for w in (None, weight, weight**2)]
print("how many of the rare class are found:", recall)
print("score", round(MLPClassifier(**settings).fit(X, y, sample_weight=weight).score(X, y, sample_weight=weight), 6))
