"""The closed list of causes: what can be wrong with a line of backward propagation, each by the name that a verdict has.

A cause costs 1, or more where it is a rarer mistake; of two stories that explain the same numbers the cheaper one is told, and both
where they cost about the same.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """A mistake by its name, and in a sentence what it is and what would be right."""

    name: str
    explanation: str
    cost: float = 1.0


RARE = 1.2
"""the cost of a rarer mistake"""
AGAIN = 0.01
"""the cost of a mistake that was made before: code runs in loops"""

_LIST = (
    Cause("transposed", "it is the transpose of the right array"),
    Cause("wrong sign", "every entry has the opposite sign (y - y_hat instead of y_hat - y, or a minus too many)"),
    Cause("missing 1/m", "the sum over the samples is not divided by their number"),
    Cause("extra 1/m", "the mean over the samples is taken twice, or where no sum over samples is"),
    Cause("missing 1/n", "the loss is the mean over the n outputs, so its derivative is divided by n; that is missing"),
    Cause("extra 1/n", "it is divided by the number n of outputs, which is no part of this loss or is in it already"),
    Cause("divided by the number of units", "the mean over the samples is divided by the number of units instead of the samples", RARE),
    Cause("divided by m instead of sum(s)", "with sample weights the mean divides by their sum, not by the number of samples"),
    Cause("factor 2", "every entry is doubled: the derivative of a square counted where there is none, or twice"),
    Cause("factor 1/2", "every entry is halved: the 2 from the derivative of a square is missing, or a 1/2 too many"),
    Cause("factor 4", "every entry is four times as large"),
    Cause("factor 1/4", "every entry is a quarter"),
    Cause("activation derivative missing", "the derivative f'(z) of the activation is left out of the chain rule"),
    Cause("activation derivative counted twice", "the derivative f'(z) of the activation stands in the product twice", RARE),
    Cause("derivative taken at a instead of z", "f' is a function of z; it was given a (that f'(z) can be written in a changes nothing)"),
    Cause("derivative formula in a fed with z", "the formula of f' that is written in a = f(z) was given z", RARE),
    Cause("derivative taken at a after dropout", "f' belongs to f(z) before the mask; it was given a after it"),
    Cause("derivative taken at the wrong layer", "f' is taken of another layer's values"),
    Cause("derivative of another activation", "f' is the derivative of another function than this layer's", RARE),
    Cause("ReLU mask from the wrong array", "where the derivative is 1 is decided by z of the same layer; another array was asked"),
    Cause("softmax Jacobian replaced by its diagonal", "softmax mixes its entries: beside a_i (1 - a_i) there are the terms -a_i a_k"),
    Cause("softmax derivative counted twice", "y_hat - y has the Jacobian of softmax in it already; it was applied once more"),
    Cause("output derivative counted twice", "y_hat - y has the derivative of the output in it already; it was applied once more"),
    Cause("y_hat - y used where it is not exact", "dz = y_hat - y holds for sigmoid with log_loss, softmax with cross_entropy, not here"),
    Cause("loss derivative missing", "the chain begins with the derivative of the loss; it begins with 1"),
    Cause("loss used instead of its derivative", "the chain begins with the derivative of the loss; it begins with the loss itself", RARE),
    Cause("derivative of another loss", "the chain begins with the derivative of another loss than this network's", RARE),
    Cause("wrong sign within the loss derivative", "the two terms of the derivative of log loss have opposite signs", RARE),
    Cause("a term of the loss derivative missing", "the derivative of log loss has two terms, one for y and one for 1 - y", RARE),
    Cause("target missing", "y does not occur: y_hat stands where y_hat - y belongs", RARE),
    Cause("W not transposed", "the error goes back through the transpose of W; W itself was used"),
    Cause("updated W used", "the error goes back through the W that the forward pass used; it was updated before"),
    Cause("W of the wrong layer", "the error goes back through another layer's W"),
    Cause("W missing", "the error goes back without W", RARE),
    Cause("activations of the wrong layer", "dW_l takes a of the layer before, a_(l-1); another layer's was used"),
    Cause("z used instead of a", "dW_l takes the activations of the layer before, not its z"),
    Cause("element-wise instead of matrix product", "where a matrix product belongs, the arrays are multiplied entry by entry"),
    Cause("sums multiplied", "the product is summed over the samples; here the sums are multiplied", RARE),
    Cause("summed over the wrong axis", "db sums over the samples; here the sum runs over the units (or over both)"),
    Cause("taken from one sample", "it is the gradient of a single sample, not the mean over the batch"),
    Cause("not summed over the samples", "the sum over the samples is left out"),
    Cause("bias gradient multiplied by the input", "b is added, so db is the sum of dz alone; here it is multiplied by the layer's input"),
    Cause("L2 term missing", "the L2 term of the cost gives l2 W / m in dW; it is left out"),
    Cause("L2 term doubled", "the cost has half of l2 ||W||^2 / m, so its derivative is l2 W / m; here it is twice that"),
    Cause("L2 term halved", "the derivative of l2 ||W||^2 / (2 m) is l2 W / m; here it is half of that"),
    Cause("L2 term with the wrong sign", "the L2 term is added, not subtracted"),
    Cause("L2 term not divided by m", "l2 W is divided by m, as the whole cost is"),
    Cause("L2 term divided by m twice", "l2 W is divided by m once"),
    Cause("L2 term with another factor", "the L2 term should be l2 W / m", 1.5),
    Cause("L2 term applied to biases", "biases have no L2 term"),
    Cause("dropout mask missing", "dropout multiplies f(z) by its mask, so the same mask stands in the derivative; and a holds it, too"),
    Cause("dropout mask not scaled", "the mask of inverted dropout is 0 or 1 / (1 - rate); here it is 0 or 1", RARE),
    Cause("dropout mask applied twice", "the mask stands in the product twice", RARE),
    Cause("sample weights missing", "each sample counts with its weight s_i; here all count alike"),
    Cause("sample weights applied twice", "each sample counts with its weight s_i once"),
    Cause("mean kept in dz", "the mean over the samples is in dz already, and dW is not divided again", 0.9),
    Cause("rounding of float32", "it is right as far as float32 goes; float64 was handed in"),
    Cause("unrecognised", "it is wrong, and no mistake on the list gives these numbers", 2.6),
)
CAUSES: dict[str, Cause] = {cause.name: cause for cause in _LIST}


def cause(name: str) -> Cause:
    """The cause of a name; a factor that is on no list is one, too.

    >>> cause("wrong sign").cost, cause("factor 3").explanation
    (1.0, 'every entry is 3 times the right one')
    """
    found = CAUSES.get(name)
    return found or Cause(name, f"every entry is {name.removeprefix('factor ')} times the right one", 1.6)
