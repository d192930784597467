"""A main to try it: rows as arguments or from a file of values with commas; predictions, and for a training its gradient and steps."""

from __future__ import annotations

from pellucid.export.c.form import Form

READING = """\
/* a field of a line of values with commas, without the quotes and blanks around it; the place behind it, or NULL at the end */
static const char *next_field(const char *at, char *field, size_t size)
{
    size_t n = 0;
    int quoted;
    while (*at == ' ' || *at == '\\t')
        at++;
    quoted = *at == '"';
    at += quoted;
    while (*at && (quoted || (*at != ',' && *at != '\\n' && *at != '\\r'))) {
        if (quoted && *at == '"') {
            if (at[1] != '"') { /* two quotes are one */
                at++;
                break;
            }
            at++;
        }
        if (n + 1 < size)
            field[n++] = *at;
        at++;
    }
    while (!quoted && n > 0 && (field[n - 1] == ' ' || field[n - 1] == '\\t'))
        n--;
    field[n] = 0;
    while (*at && *at != ',')
        at++;
    return *at == ',' ? at + 1 : NULL;
}

static int is_missing(const char *text)
{
    return !*text || !strcmp(text, "?") || !strcmp(text, "NA") || !strcmp(text, "nan") || !strcmp(text, "NaN");
}

/* whether a text is a number (or missing); it goes to *value */
static int as_number(const char *text, double *value)
{
    char *end;
    *value = NAN;
    if (is_missing(text))
        return 1;
    *value = strtod(text, &end);
    return *end == 0;
}"""

DATES = """\
/* a day such as 2024-01-31 or 2024-01-31 12:30 (or a number of days) as days since the beginning of 2000 */
static int as_days(const char *text, double *days)
{
    int year, month, day, hour = 0, minute = 0, past;
    double second = 0;
    if (as_number(text, days))
        return 1;
    if (sscanf(text, "%d-%d-%d%*1[T ]%d:%d:%lf", &year, &month, &day, &hour, &minute, &second) < 3)
        return 0;
    past = month <= 2; /* the year begins in March, so that leap days come last */
    year -= past;
    *days = 365.0 * year + floor(year / 4.0) - floor(year / 100.0) + floor(year / 400.0) - 730425;
    *days += (153 * (month + (past ? 9 : -3)) + 2) / 5 + day - 1;
    *days += (hour + (minute + second / 60) / 60) / 24;
    return 1;
}"""


IS_CLASS = """\
/* whether a text is the name of a class, whose lines are read as one */
static int is_class(const char *text, const char *class_name)
{
    while (*text && *text == (*class_name == '\\n' ? ' ' : *class_name)) {
        text++;
        class_name++;
    }
    return !*text && !*class_name;
}"""


def program(form: Form) -> str:
    """The text of the main program."""
    name, description = form.name, form.description
    kinds = {source.kind for source in description.sources}
    usage = [
        f"Usage: {name}_main VALUE VALUE ...           the prediction for one row",
        f"       {name}_main < rows.csv                 for every row of a file, without a line of names",
    ]
    if form.training:
        usage += [
            f"       {name}_main gradient rows.csv          J, then dJ/dtheta; the targets stand behind the inputs",
            f"       {name}_main train rows.csv ALPHA MOMENTUM STEPS   J before each step over all rows",
        ]
    parts = [
        f"/* {name}_main.c: to try {name}.c.\n   cc -std=c99 -O2 {name}.c {name}_main.c -lm -o {name}_main\n   "
        + "\n   ".join(usage)
        + " */",
        f'#include "{name}.h"\n\n#include <math.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>',
        "static char line[1 << 20], field[1 << 12];",
        READING,
    ]
    if "date" in kinds:
        parts.append(DATES)
    parts += [_input(form), _row(form), _show(form)]
    if form.training:
        parts += [_target(form), _pass(form)]
    parts.append(_main(form))
    return "\n\n".join(parts) + "\n"


def _input(form: Form) -> str:
    """One field as an input."""
    cases: dict[str, list[int]] = {"text": [], "date": []}
    for at, source in enumerate(form.description.sources):
        if source.kind != "number":
            cases[source.kind].append(at)
    lines = [
        "/* a field as input k */",
        f"static int as_input(const char *text, int k, {form.inputs} *u)",
        "{",
        "    double value = NAN;",
        "    int right;",
    ]
    if any(cases.values()):
        lines.append("    switch (k) {")
        for kind, statement in (
            ("text", f"right = 1;\n        if (!is_missing(text))\n            value = {form.name}_code(k, text);"),
            ("date", "right = as_days(text, &value);"),
        ):
            if cases[kind]:
                lines += [f"    case {at}:" for at in cases[kind]]
                lines += [f"        {statement}", "        break;"]
        lines += ["    default:", "        right = as_number(text, &value);", "    }"]
    else:
        lines += ["    (void)k; /* all are numbers */", "    right = as_number(text, &value);"]
    return "\n".join([*lines, f"    *u = ({form.inputs})value;", "    return right;", "}"])


def _row(form: Form) -> str:
    name, macro = form.name, form.macro
    return f"""\
/* the inputs of a line; the place of what follows them goes to *rest */
static int as_row(const char *at, {form.inputs} u[{macro}_INPUTS], const char **rest)
{{
    for (int k = 0; k < {macro}_INPUTS; k++) {{
        if (!at) {{
            fprintf(stderr, "{name}_main: a row has %d values, expected %d\\n", k, {macro}_INPUTS);
            return 0;
        }}
        at = next_field(at, field, sizeof field);
        if (!as_input(field, k, &u[k])) {{
            fprintf(stderr, "{name}_main: value %d of a row is '%s', expected a number\\n", k + 1, field);
            return 0;
        }}
    }}
    *rest = at;
    return 1;
}}"""


def _show(form: Form) -> str:
    name, macro, digits = form.name, form.macro, 9 if form.real.dtype == "float" else 17
    lines = []
    if form.description.task != "numbers":
        lines += [
            "/* a comma, and the name of a class in one line */",
            "static void show_class(int k)",
            "{",
            "    putchar(',');",
            f"    for (const char *at = {name}_class_names[k]; *at; at++)",
            "        putchar(*at == '\\n' ? ' ' : *at);",
            "}",
            "",
        ]
    lines += [
        "/* a line with the prediction: the numbers, and behind them the class */",
        f"static void show(const {form.inputs} u[{macro}_INPUTS])",
        "{",
        f"    {name}_real y_hat[{macro}_OUTPUTS];",
        f"    {name}_predict(u, y_hat);",
        f"    for (int k = 0; k < {macro}_OUTPUTS; k++)",
        f'        printf("%s%.{digits}g", k ? "," : "", (double)y_hat[k]);',
    ]
    if form.description.task == "classes":
        lines.append(f"    show_class({name}_classify(u));")
    if form.description.task == "columns":
        lines[-4:-4] = [f"    int best[{macro}_COLUMNS];"]
        lines += [f"    {name}_classify(u, best);", f"    for (int k = 0; k < {macro}_COLUMNS; k++)", "        show_class(best[k]);"]
    if form.description.task == "labels":
        lines += [f"    for (int k = 0; k < {macro}_OUTPUTS; k++)", "        if (y_hat[k] > 0.5)", "            show_class(k);"]
    return "\n".join([*lines, "    putchar('\\n');", "}"])


def _target(form: Form) -> str:
    """The targets of a line: a class by its name, or numbers."""
    name, macro = form.name, form.macro
    head = f"static int as_target(const char *at, {name}_real y[{macro}_TARGETS])"
    if form.description.task == "columns":
        return f"""\
{IS_CLASS}

/* the targets: a class of each column by its name, as 1 for it and 0 for the others */
{head}
{{
    for (int j = 0; j < {macro}_TARGETS; j++)
        y[j] = 0;
    for (int k = 0; k < {macro}_COLUMNS; k++) {{
        int found = 0;
        if (at)
            at = next_field(at, field, sizeof field);
        else
            field[0] = 0;
        for (int j = {name}_first_class[k]; j < {name}_first_class[k + 1] && !found; j++)
            if (is_class(field, {name}_class_names[j])) {{
                y[j] = 1;
                found = 1;
            }}
        if (!found) {{
            fprintf(stderr, "{name}_main: the class '%s' is not known\\n", field);
            return 0;
        }}
    }}
    return 1;
}}"""
    if form.description.task == "classes":
        one = "y[0] = (real_of)k;" if form.description.architecture.sizes[-1] == 1 else "y[k] = 1;"
        one = one.replace("real_of", f"{name}_real")
        return f"""\
{IS_CLASS}

/* the target: the class by its name, as 1 for it and 0 for the others */
{head}
{{
    if (at)
        next_field(at, field, sizeof field);
    for (int j = 0; j < {macro}_TARGETS; j++)
        y[j] = 0;
    for (int k = 0; at && k < {macro}_CLASSES; k++)
        if (is_class(field, {name}_class_names[k])) {{
            {one}
            return 1;
        }}
    fprintf(stderr, "{name}_main: the class '%s' is not known\\n", at ? field : "");
    return 0;
}}"""
    return f"""\
/* the targets: numbers */
{head}
{{
    double value;
    for (int j = 0; j < {macro}_TARGETS; j++) {{
        if (at)
            at = next_field(at, field, sizeof field);
        else
            field[0] = 0;
        if (!as_number(field, &value) || isnan(value)) {{
            fprintf(stderr, "{name}_main: a target is '%s', expected a number\\n", field);
            return 0;
        }}
        y[j] = ({name}_real)value;
    }}
    return 1;
}}"""


def _pass(form: Form) -> str:
    name, macro = form.name, form.macro
    return f"""\
/* forward and backward propagation of every row of a file */
static int pass(FILE *rows)
{{
    {form.inputs} u[{macro}_INPUTS];
    {name}_real y[{macro}_TARGETS];
    const char *rest;
    rewind(rows);
    while (fgets(line, sizeof line, rows)) {{
        if (!as_row(line, u, &rest) || !as_target(rest, y))
            return 0;
        {name}_learn(u, y, 1);
    }}
    return 1;
}}"""


def _main(form: Form) -> str:
    name, macro = form.name, form.macro
    lines = ["int main(int argc, char **argv)", "{"]
    if form.training:
        lines += [
            '    if (argc == 3 && !strcmp(argv[1], "gradient")) {',
            f"        static {name}_real g[{macro}_PARAMETERS];",
            '        FILE *rows = fopen(argv[2], "r");',
            "        if (!rows || !pass(rows)) {",
            f'            fprintf(stderr, "{name}_main: cannot learn from %s\\n", argv[2]);',
            "            return 1;",
            "        }",
            "        fclose(rows);",
            f'        printf("%.17g\\n", {name}_cost());',
            f"        {name}_gradient(g);",
            f"        for (int k = 0; k < {macro}_PARAMETERS; k++)",
            '            printf("%.17g\\n", (double)g[k]);',
            "        return 0;",
            "    }",
            '    if (argc == 6 && !strcmp(argv[1], "train")) {',
            '        FILE *rows = fopen(argv[2], "r");',
            "        for (int step = 0; step < atoi(argv[5]); step++) {",
            "            if (!rows || !pass(rows)) {",
            f'                fprintf(stderr, "{name}_main: cannot learn from %s\\n", argv[2]);',
            "                return 1;",
            "            }",
            f'            printf("%.17g\\n", {name}_cost());',
            f"            {name}_step(({name}_real)atof(argv[3]), ({name}_real)atof(argv[4]));",
            "        }",
            "        if (rows)",
            "            fclose(rows);",
            "        return 0;",
            "    }",
        ]
    lines += [
        f"    {form.inputs} u[{macro}_INPUTS];",
        "    if (argc > 1) {",
        f"        if (argc - 1 != {macro}_INPUTS) {{",
        f'            fprintf(stderr, "{name}_main: %d values, expected %d\\n", argc - 1, {macro}_INPUTS);',
        "            return 1;",
        "        }",
        f"        for (int k = 0; k < {macro}_INPUTS; k++)",
        "            if (!as_input(argv[k + 1], k, &u[k])) {",
        f"                fprintf(stderr, \"{name}_main: value %d is '%s', expected a number\\n\", k + 1, argv[k + 1]);",
        "                return 1;",
        "            }",
        "        show(u);",
        "        return 0;",
        "    }",
        "    while (fgets(line, sizeof line, stdin)) {",
        "        const char *rest;",
        "        if (!as_row(line, u, &rest))",
        "            return 1;",
        "        show(u);",
        "    }",
        "    return 0;",
        "}",
    ]
    return "\n".join(lines)
