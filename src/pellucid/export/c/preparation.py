"""What stands around the network in C: texts to codes, days to their parts, scaling in front, classes and units behind."""

from __future__ import annotations

import math
from itertools import accumulate

from pellucid.export.c.form import Form
from pellucid.export.c.writing import double, remark, string
from pellucid.export.description import Feature, Source
from pellucid.export.steps import Steps, back, run

CALENDAR = """\
/* the parts of a day that is counted from the beginning of 2000 (in UTC; the fraction is the time of the day).
   The calendar repeats every 400 years, which have 146097 days; in it a year begins in March, so that leap days come last. */
static int year_month_day(double days, int *month, int *day)
{
    long count = (long)floor(days) + 730425; /* from the first of March of the year 0 */
    long era = (count >= 0 ? count : count - 146096) / 146097, in_era = count - era * 146097;
    long year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    long in_year = in_era - (365 * year + year / 4 - year / 100), since_march = (5 * in_year + 2) / 153;
    *day = (int)(in_year - (153 * since_march + 2) / 5 + 1);
    *month = (int)(since_march < 10 ? since_march + 3 : since_march - 9);
    return (int)(year + era * 400 + (*month <= 2));
}

static double date_part(double days, int part) /* 1: year, 2: month, 3: day, 4: weekday from Monday 0, 5: hour */
{
    int month, day, year;
    double minutes;
    if (!(fabs(days) < 1e8))
        return NAN;
    year = year_month_day(days, &month, &day);
    minutes = floor((days - floor(days)) * 1440 + 1e-7);
    switch (part) {
    case 1: return year;
    case 2: return month;
    case 3: return day;
    case 4: return floor(days) + 5 - 7 * floor((floor(days) + 5) / 7);
    default: return floor(minutes / 60) + (minutes - 60 * floor(minutes / 60)) / 60;
    }
}"""
PARTS = ("day number", "year", "month", "day", "weekday", "hour")

WITHIN = """\
/* the nearest number in [low, high] */
static double within(double x, double low, double high)
{
    return x < low ? low : (x > high ? high : x);
}"""

NARROWED = """\
/* the nearest float; C leaves open what a double beyond the largest float would become */
static float narrowed(double x)
{
    return x > FLT_MAX ? INFINITY : (x < -FLT_MAX ? -INFINITY : (float)x);
}"""

CODE = """\
int {name}_code(int input, const char *text)
{{
    for (int at = 0; at < {count}; at++)
        if (categories[at].input == input) {{
            const char *one = categories[at].text, *other = text;
            while (*one && *one == *other) {{
                one++;
                other++;
            }}
            if (*one == *other)
                return categories[at].code;
        }}
    return -1;
}}"""


def functions(form: Form) -> list[str]:
    """What is needed before and after, as C."""
    found = []
    if any(source.kind == "text" and source.values for source in form.description.sources):
        found += [_categories(form), CODE.format(name=form.name, count=_count(form))]
    if any(feature.kind == "part" and feature.of[0] != "day number" for feature in form.description.features):
        found.append(CALENDAR)
    if any(step[0] == "clip" for feature in form.description.features for step in feature.steps):
        found.append(WITHIN)
    if form.wide:
        found.append(NARROWED)
    if form.description.prepared:
        found.append(_prepare(form))
    if form.description.task != "numbers":
        found.append(_classes(form))
    return found


def _count(form: Form) -> int:
    return sum(len(source.values) for source in form.description.sources)


def _categories(form: Form) -> str:
    lines = ["/* the texts of the categories; in the inputs stand their codes */", "static const struct {"]
    lines += ["    int input, code;", "    const char *text;", f"}} categories[{_count(form)}] = {{"]
    for at, source in enumerate(form.description.sources):
        lines += [f"    {{{at}, {code}, {string(value)}}}," for code, value in enumerate(source.values)]
    return "\n".join([*lines, "};"])


def _classes(form: Form) -> str:
    names = ",\n    ".join(string(str(name)) for name in form.description.classes)
    text = f"const char *const {form.name}_class_names[{form.macro}_CLASSES] = {{\n    {names}\n}};"
    if not form.description.columns:
        return text
    begins = ", ".join(map(str, [0, *accumulate(form.description.columns)]))
    return f"{text}\n\nconst int {form.name}_first_class[{form.macro}_COLUMNS + 1] = {{{begins}}};"


def steps(text: str, chain: Steps) -> str:
    """A chain of steps applied to an expression, in doubles.

    >>> steps("u[0]", (("-", 1.5), ("/", 2.0)))
    '(u[0] - 1.5) / 2.0'
    """
    rank = 3  # of what there is so far: 1 for a sum, 2 for a product, 3 for one thing
    for name, *numbers in chain:
        shown = [double(number) if number >= 0 else f"({double(number)})" for number in numbers]
        if name in ("+", "-"):
            text, rank = f"{text} {name} {shown[0]}", 1
        elif name in ("*", "/"):
            text, rank = f"{text if rank > 1 else f'({text})'} {name} {shown[0]}", 2
        elif name == "clip":
            text, rank = f"within({text}, {shown[0]}, {shown[1]})", 3
        elif name == "square":
            text, rank = f"({text}) * ({text})", 2
        else:
            text, rank = f"{name}({text})", 3
    return text


def _prepare(form: Form) -> str:
    n_0 = form.description.architecture.sizes[0]
    lines = [
        "/* from what goes in to a0, what the network sees */",
        f"static void prepare(real a0[{n_0}], const {form.inputs} u[{form.macro}_INPUTS])",
        "{",
    ]
    for at, feature in enumerate(form.description.features):
        expression = _feature(feature, form.description.sources[feature.source])
        statement = f"a0[{at}] = {f'(real)({expression})' if form.real.dtype == 'float' else expression};"
        lines.append(f"    {statement:<56} /* {remark(feature.name)} */")
    return "\n".join([*lines, "}"])


def _feature(feature: Feature, source: Source) -> str:
    u = f"u[{feature.source}]"
    refuses = isinstance(feature.missing, float) and math.isnan(feature.missing)
    if feature.kind in ("value", "part"):
        part = PARTS.index(feature.of[0]) if feature.kind == "part" else 0
        shown = steps(f"date_part({u}, {part})" if part else u, feature.steps)
        return shown if refuses else f"isnan({u}) ? {double(feature.missing)} : {shown}"
    if feature.kind == "missing":
        return f"isnan({u}) ? {double(feature.missing)} : {double(run(feature.steps, 0.0))}"
    places = [source.values.index(value) if isinstance(value, str) else double(value) for value in feature.of]
    if feature.kind == "rank":
        shown = f"{double(run(feature.steps, float(len(places) - 1)))}" if math.isnan(feature.unknown) else double(feature.unknown)
        known = list(enumerate(places))[:-1] if math.isnan(feature.unknown) else list(enumerate(places))
        for rank, place in reversed(known):
            shown = f"{u} == {place} ? {double(run(feature.steps, float(rank)))} : {shown}"
    else:
        inside, outside = (double(run(feature.steps, number)) for number in (1.0, 0.0))
        if feature.kind == "none of":
            inside, outside = outside, inside
        condition = " || ".join(f"{u} == {place}" for place in places) or "0"
        shown = f"{condition} ? {inside} : {outside}"
        if not refuses and double(feature.missing) == outside:  # a NaN is equal to nothing
            return _unknown(feature, source, u, shown)
    missing = u if refuses else double(feature.missing)
    return f"isnan({u}) ? {missing} : ({_unknown(feature, source, u, shown)})"


def _unknown(feature: Feature, source: Source, u: str, shown: str) -> str:
    """NaN for a text that the model would refuse."""
    return f"{u} < 0 ? NAN : ({shown})" if source.kind == "text" and math.isnan(feature.unknown) else shown


def outputs(form: Form, a: str) -> list[str]:
    """The statements from a_L to what comes out."""
    if form.plain:
        return []
    cast = "narrowed" if form.wide else "(real)" if form.real.dtype == "float" else ""
    if form.description.task == "classes":
        other, one = (f"narrowed(1 - {a}[0])", f"narrowed({a}[0])") if form.wide else (f"1 - {a}[0]", f"{a}[0]")
        return [f"    y_hat[0] = {other}; /* the probability of the first class */", f"    y_hat[1] = {one};"]
    lines = []
    for at, chain in enumerate(form.description.targets):
        shown = steps(f"{a}[{at}]", back(chain))
        lines.append(f"    y_hat[{at}] = {f'{cast}({shown})' if cast else shown}; /* back to the units of the target */")
    return lines


def targets(form: Form) -> list[str]:
    """The statements from y to the targets of the network."""
    lines = []
    for at, chain in enumerate(form.description.targets):
        shown = steps(f"y[{at}]", chain)
        lines.append(f"    scaled[{at}] = {f'(real)({shown})' if form.real.dtype == 'float' else shown};")
    return lines
