"""Forward and backward propagation of one sample in C, layer by layer, each line with the equation it stands for."""

from __future__ import annotations

from pellucid.export.c.form import Form

LINEAR = """\
/* z_j = sum_i a_i W_ij + b_j */
static void linear(real *z, const real *a, const stored *W, const stored *b, int n_in, int n)
{
    for (int j = 0; j < n; j++)
        z[j] = b[j];
    for (int i = 0; i < n_in; i++)
        for (int j = 0; j < n; j++)
            z[j] += a[i] * W[i * n + j];
}"""

LINEAR_QUANTIZED = """\
/* z_j = scale_j sum_i a_i Q_ij + b_j, the integers Q_ij times scale_j being the weights */
static void linear(real *z, const real *a, const signed char *Q, const stored *scale, const stored *b, int n_in, int n)
{
    for (int j = 0; j < n; j++)
        z[j] = 0;
    for (int i = 0; i < n_in; i++)
        for (int j = 0; j < n; j++)
            z[j] += a[i] * Q[i * n + j];
    for (int j = 0; j < n; j++)
        z[j] = z[j] * scale[j] + b[j];
}"""

LINEAR_BACKWARD = """\
/* z_j = sum_i a_i W_ij + b_j gives dW_ij = a_i dz_j and db_j = dz_j, added up over the samples with their weights s */
static void linear_backward(stored *dW, stored *db, const real *dz, real s, const real *a, int n_in, int n)
{
    for (int i = 0; i < n_in; i++)
        for (int j = 0; j < n; j++)
            dW[i * n + j] += a[i] * (dz[j] * s);
    for (int j = 0; j < n; j++)
        db[j] += dz[j] * s;
}"""

LINEAR_BACKWARD_INPUT = """\
/* and da_i = sum_j W_ij dz_j */
static void linear_backward_input(real *da, const real *dz, const stored *W, int n_in, int n)
{
    for (int i = 0; i < n_in; i++) {
        da[i] = 0;
        for (int j = 0; j < n; j++)
            da[i] += W[i * n + j] * dz[j];
    }
}"""

ADD = """\
/* total_j = total_j + share y_j */
static void add(real *total, const real *y, real share, int n)
{
    for (int j = 0; j < n; j++)
        total[j] += share * y[j];
}"""

MASKED = """\
/* a = f mask, the mask of dropout; and going back, df = da mask */
static void masked(real *a, const real *f, const real *mask, int n)
{
    for (int i = 0; i < n; i++)
        a[i] = f[i] * mask[i];
}"""


def functions(form: Form) -> list[str]:
    """The functions of single layers: a forward one, and its backward one below it."""
    found = [LINEAR_QUANTIZED if form.quantized else LINEAR]
    if form.training:
        found.append(LINEAR_BACKWARD)
        if len(form.layers) > 1:
            found.append(LINEAR_BACKWARD_INPUT)
        if form.drops:
            found.append(MASKED)
    if len(form.members) > 1:
        found.append(ADD)
    output = form.layers[-1].activation.spec
    backward = {layer.activation.spec for layer in form.layers[:-1]} | ({output} if form.last.link else set())
    for spec, rule in form.rules.items():
        if form.training or spec != "identity":  # a pass that keeps nothing has nothing to do there
            found.append(rule.forward)
        if form.training and spec in backward:
            found.append(rule.backward)
    if form.training:
        found += [form.last.forward, form.last.backward]
    return found


def _linear(form: Form, k: int, z: str, a: str) -> str:
    layer, tag = form.layers[k - 1], form.tag
    weights = f"{tag}Q{k}, {tag}scale{k}" if form.quantized else f"{tag}W{k}"
    return f"linear({z}, {a}, {weights}, {tag}b{k}, {layer.n_inputs}, {layer.n_units});"


def _beside(statement: str, told: str, width: int = 56) -> str:
    return f"    {statement:<{width}} /* {told} */"


def straight(form: Form, first: str, last: str) -> list[str]:
    """The statements of a forward pass that keeps nothing: each a_l is written over its z_l."""
    lines = []
    for layer in form.layers:
        k = layer.index
        before, here = (first if k == 1 else f"a{k - 1}"), (last if layer is form.layers[-1] else f"a{k}")
        rule = form.rule(layer.activation)
        lines.append(_beside(_linear(form, k, here, before), f"z{k} = a{k - 1} W{k} + b{k}"))
        if layer.activation.spec != "identity":
            lines.append(_beside(rule.call_forward(here, here, layer.n_units), f"a{k} = {rule.name}(z{k})"))
    return lines


def member(form: Form) -> str:
    """The forward pass of one member of an ensemble as a function."""
    sizes = form.description.architecture.sizes
    kept = ", ".join(f"a{layer.index}[{layer.n_units}]" for layer in form.layers[:-1])
    lines = [f"static void {form.tag}forward(const real a0[{sizes[0]}], real y_hat[{sizes[-1]}])", "{"]
    lines += [f"    real {kept};"] if kept else []
    return "\n".join([*lines, *straight(form, "a0", "y_hat"), "}"])


def taped(form: Form) -> list[str]:
    """The tape, and the two functions that write it and read it."""
    layers, name = form.layers, form.name
    arrays = []
    for layer in layers:
        k, n = layer.index, layer.n_units
        more = f", f{k}[{n}], mask{k}[{n}]" if layer.dropout else ""
        arrays.append(f"    real z{k}[{n}], a{k}[{n}]{more};")
    n_0 = form.description.architecture.sizes[0]
    tape = [
        "/* what forward propagation leaves for backward propagation */",
        "typedef struct {",
        f"    real a0[{n_0}];",
        *arrays,
        "} tape;",
    ]
    forward = [f"/* forward propagation from a0{'; units are dropped where training is set' if form.drops else ''} */"]
    forward += [f"static void forward(tape *t{', int training' if form.drops else ''})", "{"]
    for layer in layers:
        k, n, rule = layer.index, layer.n_units, form.rule(layer.activation)
        f = f"f{k}" if layer.dropout else f"a{k}"
        forward.append(_beside(_linear(form, k, f"t->z{k}", f"t->a{k - 1}"), f"z{k} = a{k - 1} W{k} + b{k}"))
        forward.append(_beside(rule.call_forward(f"t->{f}", f"t->z{k}", n), f"{f} = {rule.name}(z{k})"))
        if layer.dropout:
            rate = form.real.number(layer.dropout)
            forward.append(f"    draw_mask(t->mask{k}, training ? {layer.dropout!r} : 0, {k}, {n});")
            forward.append(_beside(f"masked(t->a{k}, t->f{k}, t->mask{k}, {n});", f"a{k} = f{k} mask{k}, a rate of {rate.rstrip('f')}"))
    forward.append("}")
    return ["\n".join(tape), "\n".join(forward), "\n".join(_backward(form, name))]


def _backward(form: Form, name: str) -> list[str]:
    layers, last = form.layers, len(form.layers)
    n = layers[-1].n_units
    declared = [f"dz{layer.index}[{layer.n_units}]" for layer in layers]
    declared += [f"da{layer.index}[{layer.n_units}]" for layer in layers if layer.index < last or form.last.link]
    lines = [
        "/* backward propagation: each line is the derivative of a line of forward, from the last to the first;",
        "   dz1 is dl/dz1 of this sample, dW1 and db1 are sums over samples */",
        "static void backward(const tape *t, const real *y, real s)",
        "{",
        f"    real {', '.join(declared)};",
        "",
    ]
    z, a = f"t->z{last}", f"t->a{last}"
    if form.last.link:
        rule = form.rule(layers[-1].activation)
        lines.append(_beside(form.last.call_backward(f"da{last}", z, a, "y", n), f"l gives da{last}"))
        lines.append(_beside(rule.call_backward(f"dz{last}", f"da{last}", z, a, n), f"a{last} = {rule.name}(z{last}) gives dz{last}"))
    else:
        lines.append(_beside(form.last.call_backward(f"dz{last}", z, a, "y", n), f"l and a{last} give dz{last}"))
    for layer in reversed(layers):
        k = layer.index
        sizes = f"{layer.n_inputs}, {layer.n_units}"
        told = f"z{k} = a{k - 1} W{k} + b{k} gives dW{k}, db{k}"
        lines.append(_beside(f"linear_backward(dW{k}, db{k}, dz{k}, s, t->a{k - 1}, {sizes});", told))
        if k > 1:
            below = layers[k - 2]
            rule, j = form.rule(below.activation), k - 1
            lines.append(_beside(f"linear_backward_input(da{j}, dz{k}, W{k}, {sizes});", f"and da{j}"))
            f = f"t->f{j}" if below.dropout else f"t->a{j}"
            if below.dropout:
                lines.append(_beside(f"masked(da{j}, da{j}, t->mask{j}, {below.n_units});", f"a{j} = f{j} mask{j}"))
            call = rule.call_backward(f"dz{j}", f"da{j}", f"t->z{j}", f, below.n_units)
            lines.append(_beside(call, f"{'f' if below.dropout else 'a'}{j} = {rule.name}(z{j}) gives dz{j}"))
    return [*lines, "}"]
