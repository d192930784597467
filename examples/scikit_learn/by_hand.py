"""Looking inside: the forward pass by hand, weights that are pruned, the code of an autoencoder, the importance of inputs."""

import numpy as np
from scipy.special import expit, softmax
from sklearn.datasets import load_digits, load_iris
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import scale

HIDDEN = {"identity": lambda z: z, "logistic": expit, "tanh": np.tanh, "relu": lambda z: np.maximum(z, 0)}


def layers(model: MLPClassifier | MLPRegressor, X: np.ndarray) -> list[np.ndarray]:
    """All activations of a fitted network."""
    activations = [X]
    for layer, (W, b) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        z = activations[-1] @ W + b
        last = layer == model.n_layers_ - 2
        output = {"softmax": lambda z: softmax(z, axis=1), **HIDDEN}[model.out_activation_]
        activations.append(output(z) if last else HIDDEN[model.activation](z))
    return activations


X, y = load_iris(return_X_y=True, as_frame=True)
X = (X - X.mean()) / X.std()
for activation in HIDDEN:
    mlp = MLPClassifier((5, 4), activation=activation, max_iter=80, learning_rate_init=0.02, random_state=0).fit(X, y)
    a = layers(mlp, X.to_numpy())
    print(activation, np.allclose(a[-1], mlp.predict_proba(X)), [array.shape for array in a], round(mlp.loss_, 8))
relevance = np.abs(mlp.coefs_[0] @ mlp.coefs_[1] @ mlp.coefs_[2]).sum(axis=1)
for name, value in zip(mlp.feature_names_in_, relevance, strict=True):
    print(f"{name}: {value:.6f}")
for layer, (W, b) in enumerate(zip(mlp.coefs_, mlp.intercepts_, strict=True), start=1):
    print(f"layer {layer}: {W.shape} {np.linalg.norm(W):.8f} {np.round(b[:2], 8)}")

before = mlp.score(X, y)
for W in mlp.coefs_:
    W[np.abs(W) < 0.2] = 0.0
print("pruned:", sum(int((W == 0).sum()) for W in mlp.coefs_), "weights;", round(before, 6), "->", round(mlp.score(X, y), 6))
mlp.coefs_[0] = mlp.coefs_[0] * 0.0
print("without inputs all rows are alike:", len(np.unique(mlp.predict(X))) == 1)

images = load_digits().data[:300] / 16.0
coder = MLPRegressor(hidden_layer_sizes=(24, 3, 24), activation="tanh", max_iter=40, learning_rate_init=0.01, random_state=0).fit(
    images, images
)
code = layers(coder, images)[2]
print("code", code.shape, code[:2].round(6), "error", round(float(np.mean((coder.predict(images) - images) ** 2)), 8))
print("regression", layers(coder, scale(images))[-1].shape, coder.out_activation_, coder.n_features_in_, coder.n_outputs_)
