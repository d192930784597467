"""A picture may show several things: many labels at once, their thresholds, and the same task label by label."""

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.datasets import make_multilabel_classification
from sklearn.metrics import f1_score, hamming_loss, label_ranking_average_precision_score
from sklearn.model_selection import cross_val_predict, train_test_split
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import MultiLabelBinarizer, StandardScaler

X, Y = make_multilabel_classification(300, 15, n_classes=4, n_labels=2, random_state=6)
X_train, X_test, Y_train, Y_test = train_test_split(StandardScaler().fit_transform(X), Y, random_state=0)

mlp = MLPClassifier((24,), activation="logistic", learning_rate_init=0.02, max_iter=120, tol=1e-3, random_state=4)
mlp.fit(X_train, Y_train)
print("classes", mlp.classes_, "outputs", mlp.n_outputs_, mlp.out_activation_, "epochs", mlp.n_iter_)
print("all labels right", round(mlp.score(X_test, Y_test), 6))
probability = mlp.predict_proba(X_test)
print("ranking", round(label_ranking_average_precision_score(Y_test, probability), 6))
for threshold in (0.3, 0.5, 0.7):
    guess = probability > threshold
    print(threshold, f"f1 {f1_score(Y_test, guess, average='macro'):.6f} hamming {hamming_loss(Y_test, guess):.6f}")
print("the half is the rule:", np.array_equal(mlp.predict(X_test), (probability > 0.5).astype(int)), mlp.predict(X_test).dtype.kind)

sparse = MLPClassifier((24,), activation="logistic", max_iter=10, random_state=4).fit(X_train, csr_matrix(Y_train))
print("sparse labels", round(sparse.loss_, 8))

names = MultiLabelBinarizer()
tags = names.fit_transform([[name for name, value in zip(("sky", "sea", "sun"), row, strict=False) if value > 0] for row in X_train])
tagger = MLPClassifier((10,), max_iter=200, learning_rate_init=0.03, tol=1e-3, random_state=1).fit(X_train, tags)
print("tags", names.inverse_transform(tagger.predict(X_test[:4])))

one_by_one = MultiOutputClassifier(MLPClassifier((6,), max_iter=25, random_state=0)).fit(X_train, Y_train)
print("one by one", round(one_by_one.score(X_test, Y_test), 6), [round(part.loss_, 6) for part in one_by_one.estimators_])
chain = ClassifierChain(MLPClassifier((6,), max_iter=25, random_state=0), order=[2, 0, 1, 3]).fit(X_train, Y_train)
print("in a chain", round(chain.score(X_test, Y_test), 6))
held_out = cross_val_predict(MLPClassifier((6,), max_iter=25, random_state=0), X_train, Y_train, cv=3)
print("across folds", round(f1_score(Y_train, held_out, average="micro"), 6))
