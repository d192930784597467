"""Forward, loss, backward and update, layer by layer, in the words of the notes: Z1, A1, dZ2, dW2, db2 ..."""

from __future__ import annotations

from pellucid.architecture import Architecture
from pellucid.export.numpy.rules import Objective, Rule

WIDTH = 110
"""of a line of names"""


class Passes:
    """The text of the two passes of an architecture, in one of the two conventions."""

    def __init__(self, architecture: Architecture, rules: dict[str, Rule], objective: Objective, columns: bool) -> None:
        self.architecture, self.rules, self.objective, self.columns = architecture, rules, objective, columns
        self.last = len(architecture.layers)
        self.functions = [rules[record.spec].name for record in architecture.activations]

    def dropped(self, layer: int) -> bool:
        """Whether the units of a layer are dropped while training."""
        return 0 < layer < self.last and self.architecture.dropout[layer - 1] > 0

    @property
    def dropout(self) -> bool:
        """Whether those of some layer are."""
        return any(rate > 0 for rate in self.architecture.dropout)

    def taken(self, names: list[str], source: str) -> str:
        """The entries of a dictionary as names of their own, all in its order."""
        joined = ", ".join(names)
        if len(joined) > WIDTH:
            parts = [", ".join(names[at : at + 12]) for at in range(0, len(names), 12)]
            joined = "(" + ",\n     ".join(parts) + ")"
        return f"    {joined} = {source}.values()"

    @property
    def parameters(self) -> list[str]:
        """W1, b1, W2 ..."""
        return [f"{kind}{layer}" for layer in range(1, self.last + 1) for kind in "Wb"]

    @property
    def values(self) -> list[str]:
        """A0, Z1, A1 ...; F where units are dropped."""
        return ["A0", *(f"{kind}{layer}" for layer in range(1, self.last + 1) for kind in ("ZFA" if self.dropped(layer) else "ZA"))]

    def forward(self) -> str:
        """z_l = W_l a_{l-1} + b_l, a_l = f_l(z_l)."""
        lines = ["    A0 = X"]
        for layer, function in enumerate(self.functions, start=1):
            product = f"W{layer} @ A{layer - 1}" if self.columns else f"A{layer - 1} @ W{layer}"
            lines.append(f"    Z{layer} = {product} + b{layer}")
            if self.dropped(layer):
                lines.append(f"    F{layer} = {function}(Z{layer})")
                lines.append(f"    A{layer} = F{layer} if masks is None else F{layer} * masks[{layer}]")
            else:
                lines.append(f"    A{layer} = {function}(Z{layer})")
        masks = ", masks=None" if self.dropout else ""
        told = (
            "Z_l = W_l A_(l-1) + b_l (n_l, m), A_l = f_l(Z_l), from A_0 = X (n_0, m): a column for each sample"
            if self.columns
            else "Z_l = A_(l-1) W_l + b_l (m, n_l), A_l = f_l(Z_l), from A_0 = X (m, n_0): a row for each sample"
        )
        doc = f'    """{told}."""'
        if self.dropout:
            more = "``masks`` (see `dropout_masks`) drops units while training: A_l = F_l * mask_l, F_l = f_l(Z_l)."
            doc = f'    """{told}.\n\n    {more}\n    """'
        taken = self.taken(self.parameters, "parameters")
        found = "\n".join([doc, taken, *lines, f"    return {_dictionary(self.values)}"])
        return f"def forward(parameters, X{masks}):\n{found}"

    def loss(self) -> str:
        """The loss of each sample, and the cost of all."""
        record = self.architecture.loss
        how = "mean" if record.averages else "sum"
        used = self._used(self.objective.contribution)
        per = f"({self.objective.contribution}).{how}(axis={0 if self.columns else 1})"
        l2 = self.architecture.l2
        weights = " + ".join(f'(parameters["W{layer}"] ** 2).sum()' for layer in range(1, self.last + 1))
        term = f" + L2 / (2 * s.sum()) * ({weights})" if l2 else ""
        told = "J = sum_i s_i l_i / sum_i s_i" + (" + L2 / (2 sum_i s_i) * (the sum of all squared weights)" if l2 else "")
        sample = f"The loss of each sample: the {how} over its outputs of {record.formula}."
        return (
            f'def loss(values, Y):\n    """{sample}"""\n{used}\n    return {per}\n\n\n'
            f'def cost(parameters, values, Y, s=None):\n    """{told}; the weight s_i of a sample is 1 unless given."""\n'
            f"    s = np.ones(Y.shape[{1 if self.columns else 0}]) if s is None else s\n"
            f"    return (s * loss(values, Y)).sum() / s.sum(){term}"
        )

    def _used(self, *texts: str) -> str:
        names = [name for name in (f"Z{self.last}", f"A{self.last}") if any(name in text for text in texts)]
        return "\n".join(f'    {name} = values["{name}"]' for name in names)

    def backward(self) -> str:
        """dZ_L from the loss; then dW_l, db_l and dA_{l-1}, dZ_{l-1}, layer by layer."""
        last, columns = self.last, self.columns
        lines = []
        if self.objective.dz:
            pair = f"{self.architecture.activations[-1].name} and {self.architecture.loss.name}"
            lines.append(
                f"    # {pair} at once: dA{last} = {self.architecture.loss.derivative_formula}, times da/dz, is {self.objective.told}"
            )
            lines.append(f"    dZ{last} = {self.objective.dz}")
        else:
            lines.append(f"    dA{last} = {self.objective.da}  # the derivative of the loss")
            lines.append(f"    dZ{last} = {self._through(last)}")
        for layer in range(last, 0, -1):
            before = f"A{layer - 1}"
            weighted = f"(s * dZ{layer})" if columns else f"(s[:, None] * dZ{layer})"
            product = f"{weighted} @ {before}.T" if columns else f"{before}.T @ {weighted}"
            l2 = f" + L2 / s.sum() * W{layer}" if self.architecture.l2 else ""
            summed = f"{weighted}.sum(axis=1, keepdims=True)" if columns else f"{weighted}.sum(axis=0)"
            lines.append(f"    dW{layer} = {product} / s.sum(){l2}")
            lines.append(f"    db{layer} = {summed} / s.sum()")
            if layer > 1:
                back = f"W{layer}.T @ dZ{layer}" if columns else f"dZ{layer} @ W{layer}.T"
                lines.append(f"    dA{layer - 1} = {back}")
                if self.dropped(layer - 1):
                    lines.append(f"    dF{layer - 1} = dA{layer - 1} if masks is None else dA{layer - 1} * masks[{layer - 1}]")
                lines.append(f"    dZ{layer - 1} = {self._through(layer - 1)}")
        body = "\n".join(lines)
        opened = [self.taken(self.parameters, "parameters"), self.taken(self.values, "values")]
        names = [f"d{name}" for name in self.parameters]
        masks = ", masks=None" if self.dropout else ""
        shape = "(n_l, m)" if columns else "(m, n_l)"
        first = "dW_l = dZ_l A_(l-1)^T / m, db_l = (the sum of the columns of dZ_l) / m, dA_(l-1) = W_l^T dZ_l"
        if not columns:
            first = "dW_l = A_(l-1)^T dZ_l / m, db_l = (the sum of the rows of dZ_l) / m, dA_(l-1) = dZ_l W_l^T"
        doc = "\n".join(
            [
                f'    """The gradient of the cost: {first},',
                "    dZ_l = dA_l * f_l'(Z_l), from the last layer back to the first.",
                "",
                f"    dZ_l and dA_l {shape} are derivatives of the loss of each sample; with weights s_i, 1/m is s_i / sum_i s_i.",
                '    """',
            ]
        )
        s = f"    s = np.ones(Y.shape[{1 if columns else 0}]) if s is None else s"
        found = "\n".join([doc, *opened, s, body, f"    return {_dictionary(names)}"])
        return f"def backward(parameters, values, Y, s=None{masks}):\n{found}"

    def _through(self, layer: int) -> str:
        """dZ from dA (dF where the layer is dropped)."""
        value = f"F{layer}" if self.dropped(layer) else f"A{layer}"
        outer = f"dF{layer}" if self.dropped(layer) else f"dA{layer}"
        function = self.functions[layer - 1]
        if self.rules[self.architecture.activations[layer - 1].spec].applied:
            return f"{function}_backward({outer}, {value})"
        if function == "softmax":
            axis = 0 if self.columns else 1
            return f"{value} * ({outer} - ({value} * {outer}).sum(axis={axis}, keepdims=True))  # the Jacobian of softmax, applied"
        return f"{outer} * {function}_derivative(Z{layer}, {value})"


def _dictionary(names: list[str]) -> str:
    """{"A0": A0, ...}, over several lines where it is long."""
    parts = [f'"{name}": {name}' for name in names]
    joined = ", ".join(parts)
    if len(joined) <= WIDTH:
        return f"{{{joined}}}"
    lines = [", ".join(parts[at : at + 8]) for at in range(0, len(parts), 8)]
    return "{\n        " + ",\n        ".join(lines) + ",\n    }"
