"""The header and the source, put together."""

from __future__ import annotations

import re

from pellucid.export.c import parameters, preparation, propagation, training
from pellucid.export.c.form import Form
from pellucid.export.c.writing import comment, remark

WHAT = {"numbers": "numbers", "classes": "the probabilities of classes", "labels": "the probability of each label"}
WHAT["columns"] = "the probabilities of the classes of several columns, one column after the other"


def title(form: Form) -> str:
    """The network in a line: y_hat = f2(f1(x W1 + b1) W2 + b2)."""
    if len(form.members) > 1:
        return f"y_hat is the mean of {len(form.members)} networks"
    text = "x"
    for layer in form.layers:
        text = f"f{layer.index}({text} W{layer.index} + b{layer.index})"
    return f"y_hat = {text}" if len(text) < 100 else f"y_hat = f{len(form.layers)}( ... f1(x W1 + b1) ... )"


def header(form: Form) -> str:
    """The header: what goes in, what comes out, and the functions."""
    description, name, macro = form.description, form.name, form.macro
    kind = "a neural network" if len(form.members) == 1 else f"the mean of {len(form.members)} neural networks"
    about = f"{name}.h: {kind}, {description.architecture}.\nIt gives {WHAT[description.task]}. Written by Pellucid."
    constants = [
        f"#define {macro}_INPUTS {len(description.sources)} /* numbers that go in */",
        f"#define {macro}_OUTPUTS {description.n_outputs} /* numbers that come out */",
    ]
    if description.task != "numbers":
        constants.append(f"#define {macro}_CLASSES {len(description.classes)}")
    if description.columns:
        constants.append(f"#define {macro}_COLUMNS {len(description.columns)}")
    if form.training:
        constants += training.constants(form)
    types = [f"typedef {form.real.dtype} {name}_real;"]
    if description.prepared:
        types.append(f"typedef double {name}_input; /* inputs are prepared in double, since a mean taken off in float costs digits */")
    else:
        types.append(f"typedef {name}_real {name}_input;")
    parts = [comment(about), f"#ifndef {macro}_H\n#define {macro}_H", "\n".join(constants), "\n".join(types), *_declarations(form)]
    if form.training:
        parts += training.declarations(form)
    return "\n\n".join([*parts, "#endif"]) + "\n"


def _declarations(form: Form) -> list[str]:
    name, macro, description = form.name, form.macro, form.description
    arguments = f"const {form.inputs} u[{macro}_INPUTS]"
    inputs = []
    for at, source in enumerate(description.sources):
        what = {"number": "", "text": f", the code of a text: {name}_code({at}, text)", "date": ", days since the beginning of 2000 (UTC)"}
        inputs.append(f"   u[{at}]: {remark(source.name)}{what[source.kind]}")
    shown = inputs if len(inputs) <= 200 else [*inputs[:200], "   ..."]
    imputed = any(feature.missing == feature.missing for feature in description.features)
    missing = ["   A missing value is NAN (of math.h)."] if imputed else []
    found = []
    if any(source.kind == "text" for source in description.sources):
        found.append(
            f"/* the code of a category, -1 for one that was not there in training */\nint {name}_code(int input, const char *text);"
        )
    lines = ["/* y_hat from the inputs u:", *shown, *missing]
    found.append("\n".join(lines) + f" */\nvoid {name}_predict({arguments}, {name}_real y_hat[{macro}_OUTPUTS]);")
    if description.task == "classes":
        found.append(f"extern const char *const {name}_class_names[{macro}_CLASSES];")
        found.append(f"/* the number of the most probable class */\nint {name}_classify({arguments});")
    if description.task == "columns":
        found.append(
            f"/* the classes of all columns; those of column k are {name}_first_class[k] and on, up to {name}_first_class[k + 1] */\n"
            f"extern const char *const {name}_class_names[{macro}_CLASSES];\nextern const int {name}_first_class[{macro}_COLUMNS + 1];"
        )
        told = "/* for each column the number of its most probable class, among the classes of all columns */"
        found.append(f"{told}\nvoid {name}_classify({arguments}, int best[{macro}_COLUMNS]);")
    if description.task == "labels":
        found.append(
            f"/* the labels; one is given where its y_hat is above 1/2 */\nextern const char *const {name}_class_names[{macro}_CLASSES];"
        )
    return found


def source(form: Form) -> str:
    """The source: parameters, single layers, forward and backward propagation, and what the header offers."""
    name = form.name
    layers = [_stored(form, one) for one in propagation.functions(form)]
    parts = [
        comment(f"{name}.c: {title(form)}.\nLayer l has z_l = a_(l-1) W_l + b_l and a_l = f_l(z_l); a_0 is the input, a_L is y_hat."),
        f'#include "{name}.h"\n\n' + ("#include <float.h>\n" if form.wide else "") + "#include <math.h>",
        _types(form),
        _heading("The parameters"),
        _stored(form, parameters.parameters(form)),
        _heading("Single layers"),
        *form.translate.functions("\n".join(layers)),
        *layers,
    ]
    around = preparation.functions(form)
    if around:
        parts += [_heading("Around the network"), *around]
    parts.append(_heading("The network" if len(form.members) == 1 else "The networks"))
    if len(form.members) > 1:
        parts += [propagation.member(one) for one in form.members]
    if form.training:
        parts += [*training.state(form), *propagation.taped(form)]
    parts += _predict(form)
    if form.training:
        parts += training.functions(form)
    return "\n\n".join(parts) + "\n"


def _heading(text: str) -> str:
    return f"/* ---- {text} {'-' * (70 - len(text))} */"


def _types(form: Form) -> str:
    """The type of the parameters, and the one that is computed in."""
    if not form.wide:
        return f"typedef {form.name}_real real;"
    told = "/* computed in double: in float this network would lose digits from layer to layer; parameters, inputs and outputs are float */"
    return f"{told}\ntypedef {form.name}_real stored;\ntypedef double real;"


def _stored(form: Form, text: str) -> str:
    """The type of parameters is one of its own only where that differs from the type that is computed in."""
    return text if form.wide else re.sub(r"\bstored\b", "real", text)


def _predict(form: Form) -> list[str]:
    name, macro, description = form.name, form.macro, form.description
    sizes, last = description.architecture.sizes, len(form.layers)
    lines = [f"void {name}_predict(const {form.inputs} u[{macro}_INPUTS], {name}_real y_hat[{macro}_OUTPUTS])", "{"]
    if form.training:
        lines += ["    tape t;", *training.enter(form), f"    forward(&t{', 0' if form.drops else ''});"]
        result, direct = f"t.a{last}", False
    else:
        several = len(form.members) > 1
        direct, enters = form.plain and not form.wide and not several, description.prepared or form.wide
        result = "total" if several else f"a{last}"
        if several:
            kept = [f"part[{sizes[-1]}]", f"total[{sizes[-1]}] = {{0}}"]
        else:
            kept = [f"a{layer.index}[{layer.n_units}]" for layer in (form.layers[:-1] if direct else form.layers)]
        kept = [f"a0[{sizes[0]}]", *kept] if enters else kept
        if kept:
            lines += [f"    real {', '.join(kept)};"]
        if description.prepared:
            lines.append("    prepare(a0, u);")
        elif enters:
            lines += [f"    for (int i = 0; i < {macro}_INPUTS; i++)", "        a0[i] = u[i];"]
        first = "a0" if enters else "u"
        if several:
            for one, member in zip(form.members, description.members, strict=True):
                lines.append(f"    {one.tag}forward({first}, part);")
                lines.append(f"    add(total, part, {form.computing.number(member.share)}, {sizes[-1]});")
        else:
            if any(layer.activation.spec != "identity" for layer in form.layers):
                lines.append("    /* each a is written over its z */")
            lines += propagation.straight(form, first, "y_hat" if direct else result)
    if form.plain and not direct:
        shown = f"narrowed({result}[j])" if form.wide else f"{result}[j]"
        lines += [f"    for (int j = 0; j < {sizes[-1]}; j++)", f"        y_hat[j] = {shown};"]
    lines += preparation.outputs(form, result)
    found = ["\n".join([*lines, "}"])]
    if description.task == "classes":
        found.append(_classify(form))
    if description.task == "columns":
        found.append(_classify_columns(form))
    return found


def _classify_columns(form: Form) -> str:
    name, macro = form.name, form.macro
    lines = [
        f"void {name}_classify(const {form.inputs} u[{macro}_INPUTS], int best[{macro}_COLUMNS])",
        "{",
        f"    {name}_real y_hat[{macro}_OUTPUTS];",
        f"    {name}_predict(u, y_hat);",
        f"    for (int k = 0; k < {macro}_COLUMNS; k++) {{",
        f"        best[k] = {name}_first_class[k];",
        f"        for (int j = {name}_first_class[k] + 1; j < {name}_first_class[k + 1]; j++)",
        "            if (y_hat[j] > y_hat[best[k]])",
        "                best[k] = j;",
        "    }",
        "}",
    ]
    return "\n".join(lines)


def _classify(form: Form) -> str:
    name, macro = form.name, form.macro
    lines = [
        f"int {name}_classify(const {form.inputs} u[{macro}_INPUTS])",
        "{",
        f"    {name}_real y_hat[{macro}_OUTPUTS];",
        "    int best = 0;",
        f"    {name}_predict(u, y_hat);",
        f"    for (int k = 1; k < {macro}_CLASSES; k++)",
        "        if (y_hat[k] > y_hat[best])",
        "            best = k;",
        "    return best;",
        "}",
    ]
    return "\n".join(lines)
