"""Fine-tuning in C: one sample's gradient added to sums, the cost of the samples so far, and a step against the gradient."""

from __future__ import annotations

from pellucid.export.c import preparation
from pellucid.export.c.form import Form
from pellucid.export.c.writing import double

DROPOUT = """\
static unsigned long long mix(unsigned long long x)
{{
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
}}

/* inverted dropout: 0 with probability rate, else 1 / (1 - rate). No generator with a state: a hash (SplitMix64) of the seed, the step,
   the layer, and the number of the entry, so that the masks are those of a training by Pellucid */
static void draw_mask(real *mask, double rate, int layer, int n)
{{
    const unsigned long long golden = 0x9E3779B97F4A7C15ULL;
    unsigned long long key = mix(golden + {seed}ULL);
    key = mix(mix(key + golden + n_steps) + golden + (unsigned long long)layer);
    for (int i = 0; i < n; i++) {{
        unsigned long long entry = n_samples * (unsigned long long)n + (unsigned long long)i + 1;
        double uniform = (double)(mix(key + entry * golden) >> 11) * 0x1p-53;
        mask[i] = (real)(uniform < rate ? 0 : 1 / (1 - rate));
    }}
}}"""

STEP = """\
double {name}_cost(void)
{{
    double squares = 0;
    for (int k = 0; k < {n_weights}; k++)
        squares += (double){name}_theta[k] * {name}_theta[k];
    return (loss_sum + {macro}_L2 * squares / 2) / weight_sum;
}}

void {name}_gradient({name}_real g[{macro}_PARAMETERS])
{{
    for (int k = 0; k < {macro}_PARAMETERS; k++) {{
        double l2 = k < {n_weights} ? {macro}_L2 * {name}_theta[k] : 0; /* weights have L2, biases have not */
        g[k] = (real)((gradient_sum[k] + l2) / weight_sum);
    }}
}}

void {name}_step({name}_real alpha, {name}_real momentum)
{{
    if (weight_sum > 0) {{
        {name}_gradient(gradient_sum);
        for (int k = 0; k < {macro}_PARAMETERS; k++) {{
            velocity[k] = momentum * velocity[k] - alpha * gradient_sum[k]; /* v = mu v - alpha g */
            {name}_theta[k] += velocity[k];                                 /* theta = theta + v */
        }}
    }}
    {name}_begin();
    n_steps++;
}}

void {name}_begin(void)
{{
    for (int k = 0; k < {macro}_PARAMETERS; k++)
        gradient_sum[k] = 0;
    loss_sum = weight_sum = 0;
    n_samples = 0;
}}"""


def state(form: Form) -> list[str]:
    """What a training keeps, and the masks of dropout."""
    found = ["static double loss_sum, weight_sum;\nstatic unsigned long long n_samples;"]
    if form.drops:
        found[0] += "\nstatic unsigned long long n_steps;"
        found.append(DROPOUT.format(seed=form.description.seed))
    return found


def functions(form: Form) -> list[str]:
    """The functions of the header that train."""
    architecture = form.description.architecture
    name, macro, n = form.name, form.macro, architecture.sizes[-1]
    lines = [
        f"double {name}_learn(const {form.inputs} u[{macro}_INPUTS], const {name}_real y[{macro}_TARGETS], {name}_real s)",
        "{",
        "    tape t;",
        "    double l;",
    ]
    y, last = "y", architecture.layers[-1].index
    if form.description.targets:
        y = "scaled"
        lines.append(f"    real scaled[{n}]; /* the targets as the network has them */")
        lines += preparation.targets(form)
    elif form.wide:
        y = "target"
        lines += [f"    real target[{n}];", f"    for (int j = 0; j < {n}; j++)", "        target[j] = y[j];"]
    lines += enter(form)
    lines.append(f"    forward(&t{', 1' if form.drops else ''});")
    lines.append(f"    l = {form.last.call_forward(f't.z{last}', f't.a{last}', y, n)};")
    lines.append(f"    backward(&t, {y}, s);")
    lines += ["    loss_sum += s * l;", "    weight_sum += s;", "    n_samples++;", "    return l;", "}"]
    rest = STEP.format(name=name, macro=macro, n_weights=architecture.n_weights)
    if not form.drops:
        rest = rest.replace("    n_steps++;\n", "")
    return ["\n".join(lines), *rest.split("\n\n")]


def enter(form: Form) -> list[str]:
    """The statements that put what goes in onto the tape."""
    if form.description.prepared:
        return ["    prepare(t.a0, u);"]
    return [f"    for (int i = 0; i < {form.macro}_INPUTS; i++)", "        t.a0[i] = u[i];"]


def constants(form: Form) -> list[str]:
    """The lines of the header that say what a training is of."""
    architecture, macro = form.description.architecture, form.macro
    return [
        f"#define {macro}_PARAMETERS {architecture.n_parameters} /* the length of theta */",
        f"#define {macro}_TARGETS {architecture.sizes[-1]} /* numbers in y */",
        f"#define {macro}_L2 {double(architecture.l2)} /* the cost has the term L2 ||W||^2 / (2 sum s) */",
    ]


def declarations(form: Form) -> list[str]:
    """The functions that train, as the header has them."""
    name, macro = form.name, form.macro
    scaled = ", in its own units" if form.description.targets else ""
    learns = "a class, 1 for it and 0 for the others" if form.description.task != "numbers" else f"the target{scaled}"
    if form.description.task == "columns":
        learns = "1 for the class of each column, and 0 for its others"
    if form.description.task == "classes" and form.description.architecture.sizes[-1] == 1:
        learns = "0 for the first class, 1 for the second"
    return [
        f"/* all parameters, flat: every W, then every b; keep a copy of it to keep what was learned */\n"
        f"extern {name}_real {name}_theta[{macro}_PARAMETERS];",
        f"/* forward and backward propagation of one sample: adds s dl/dtheta to the sums of the batch, returns l.\n"
        f"   y: {learns}; s: the weight of the sample, usually 1 */\n"
        f"double {name}_learn(const {form.inputs} u[{macro}_INPUTS], const {name}_real y[{macro}_TARGETS], {name}_real s);",
        f"/* J of the samples since the last step: (sum s l + L2 ||W||^2 / 2) / sum s */\ndouble {name}_cost(void);",
        f"/* g = dJ/dtheta of the samples since the last step */\nvoid {name}_gradient({name}_real g[{macro}_PARAMETERS]);",
        f"/* v = momentum v - alpha g, theta = theta + v; momentum 0 is plain gradient descent. The sums begin anew. */\n"
        f"void {name}_step({name}_real alpha, {name}_real momentum);",
        f"/* forget the samples since the last step */\nvoid {name}_begin(void);",
    ]
