"""Spam or not? Words become a sparse matrix, and the network takes it as it is."""

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.metrics import confusion_matrix
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline, make_union

rng = np.random.default_rng(0)
COMMON = ["the", "a", "to", "we", "you", "is", "on", "for", "this", "today", "please", "meeting", "time", "house"]
SPAM = ["free", "win", "prize", "money", "click", "offer", "cash", "now"]
HAM = ["report", "lunch", "project", "friend", "thanks", "tomorrow", "book", "kids"]


def message(special: list[str]) -> str:
    """Some common words and a few special ones."""
    return " ".join(rng.permutation([*rng.choice(COMMON, 8), *rng.choice(special, 3)]))


texts = np.array([message(SPAM if number % 3 == 0 else HAM) for number in range(240)])
labels = np.array(["spam" if number % 3 == 0 else "ham" for number in range(240)])
train, test = slice(0, 180), slice(180, 240)

words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
X = words.fit_transform(texts[train])
print("matrix", X.shape, type(X).__name__, "entries", X.nnz)
clf = MLPClassifier(hidden_layer_sizes=(5, 2), solver="lbfgs", alpha=1e-5, max_iter=8, max_fun=40, random_state=1)
clf.fit(X, labels[train])
print("first predictions", clf.predict(words.transform(texts[test]))[:6], "iterations", clf.n_iter_)
print("loss", round(clf.loss_, 5), "of", clf.n_features_in_, "features")
print(confusion_matrix(labels[test], clf.predict(words.transform(texts[test]))))

adam = make_pipeline(CountVectorizer(), TfidfTransformer(), MLPClassifier(16, max_iter=50, tol=1e-2, random_state=0))
adam.fit(texts[train], labels[train])
print("log probabilities", adam.predict_log_proba(texts[test][:3]).round(6))
print("a new message", adam.predict(["win a free prize today"]), adam.predict(["lunch with a friend tomorrow"]))

union = make_union(HashingVectorizer(n_features=64), CountVectorizer(analyzer="char_wb", ngram_range=(2, 2)))
wide = make_pipeline(union, MLPClassifier(8, solver="sgd", learning_rate_init=0.1, max_iter=30, early_stopping=True, random_state=3))
wide.fit(texts[train], labels[train])
print("hashed", round(wide.score(texts[test], labels[test]), 6), np.round(wide[-1].validation_scores_[:4], 6))

stream = MLPClassifier(6, random_state=5)
for part in np.array_split(np.arange(180), 4):
    stream.partial_fit(words.transform(texts[part]).tocsc(), labels[part], classes=["ham", "spam"])
print("in pieces", stream.loss_, stream.classes_)
