// A reader of the documents that pellucid.export_json writes: predictions in a browser or in Node, without any library.
//
//     const model = new PellucidModel(document)          // the parsed JSON
//     model.check()                                      // the largest difference from its own examples
//     model.predict([5.1, 3.5, 1.4, 0.2])                // numbers, or the probabilities of model.document.classes
//
// A row has a number, a text, or null (missing) for each of document.inputs; a date is PellucidModel.days(new Date(...)).

var PellucidModel = (function () {
  "use strict";

  // Phi(-a) = exp(-a^2 / 2) H(t) / (a + c), t = (a - c) / (a + c), c = 5.5: H is a polynomial
  var TAIL = [
    0.7737696342764068, -0.6851834205743381, 0.5355964890624944, -0.3670490652936192, 0.21787243285796964, -0.10970308995873329,
    0.04509758081474801, -0.013923510565508116, 0.0024429826756719544, 0.0002696039998549389, -0.00032452265740949603,
    7.141485433782298e-05, 1.6320000326553315e-05, -1.2118904690284274e-05, 4.4631000731284495e-07, 1.4838668534728483e-06,
    -2.6772108900907537e-07, -1.775860352691858e-07, 5.021169648090308e-08, 2.292621756773696e-08, -5.64040494614635e-09,
    -2.573921916463938e-09
  ];

  function normalCdf(x) {
    var a = Math.min(Math.abs(x), 39);
    var t = (a - 5.5) / (a + 5.5), h = 0;
    for (var k = TAIL.length - 1; k >= 0; k--) h = TAIL[k] + t * h;
    var tail = Math.exp(-a * a / 2) * h / (a + 5.5);
    return x > 0 ? 1 - tail : tail;
  }

  function sigmoid(x) {
    var e = Math.exp(-Math.abs(x));
    return (x >= 0 ? 1 : e) / (1 + e);
  }

  function erf(x) {
    if (Math.abs(x) > 0.5) return 2 * normalCdf(x * Math.SQRT2) - 1;
    var term = x, sum = x; // the series around 0, where the difference would lose digits
    for (var n = 1; n < 30; n++) {
      term *= -x * x / n;
      sum += term / (2 * n + 1);
    }
    return 2 / Math.sqrt(Math.PI) * sum;
  }

  function logcosh(x) {
    var a = Math.abs(x), e = Math.expm1(-Math.min(a, 1));
    return a < 1 ? Math.log1p(e * e / (2 * (1 + e))) : a - Math.LN2 + Math.log1p(Math.exp(-2 * a));
  }

  var WORDS = {
    "+": function (a, b) { return a + b; },
    "-": function (a, b) { return a - b; },
    "*": function (a, b) { return a * b; },
    "/": function (a, b) { return a / b; },
    "<": function (a, b) { return a < b; },
    "<=": function (a, b) { return a <= b; },
    ">": function (a, b) { return a > b; },
    ">=": function (a, b) { return a >= b; },
    "==": function (a, b) { return a === b; },
    "!=": function (a, b) { return a !== b; },
    and: function (a, b) { return a && b; },
    or: function (a, b) { return a || b; },
    negative: function (a) { return -a; },
    where: function (c, a, b) { return c ? a : b; },
    clip: function (a, low, high) { return a < low ? low : a > high ? high : a; },
    square: function (a) { return a * a; },
    sech: function (a) { var e = Math.exp(-Math.abs(a)); return 2 * e / (1 + e * e); },
    logcosh: logcosh,
    sigmoid: sigmoid,
    softplus: function (a) { return Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))); },
    erf: erf,
    normal_cdf: normalCdf,
    xlogy: function (a, b) { return a === 0 ? 0 : a * Math.log(b); },
    ratio: function (a, b) { return a === 0 ? 0 : a / b; }
  };
  ["max", "min", "abs", "sign", "sqrt", "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh"].forEach(
    function (word) { WORDS[word] = Math[word]; }
  );
  var OPPOSITE = {
    "-": "+", "+": "-", "*": "/", "/": "*", exp: "log", log: "exp", expm1: "log1p", log1p: "expm1", sqrt: "square", square: "sqrt"
  };

  // the value of a tree: a number, a name, or a word and what it is applied to
  function valueOf(tree, values) {
    if (typeof tree === "string") return values[tree];
    if (!Array.isArray(tree)) return tree;
    return WORDS[tree[0]].apply(null, tree.slice(1).map(function (one) { return valueOf(one, values); }));
  }

  function run(steps, value) {
    steps.forEach(function (step) { value = WORDS[step[0]].apply(null, [value].concat(step.slice(1))); });
    return value;
  }

  function back(steps) {
    return steps.filter(function (step) { return step[0] in OPPOSITE; }).reverse().map(function (step) {
      return [OPPOSITE[step[0]]].concat(step.slice(1));
    });
  }

  // a part of a number of days since 2000-01-01, UTC
  function part(name, days) {
    var seconds = Math.floor(days * 86400 + 1e-5), date = new Date(Date.UTC(2000, 0, 1) + seconds * 1000);
    switch (name) {
      case "day number": return days;
      case "year": return date.getUTCFullYear();
      case "month": return date.getUTCMonth() + 1;
      case "day": return date.getUTCDate();
      case "weekday": return (date.getUTCDay() + 6) % 7;
      default: return date.getUTCHours() + date.getUTCMinutes() / 60;
    }
  }

  function orNaN(value) { return value === null ? NaN : value; }

  function prepared(feature, value) {
    if (value === null || value !== value) return orNaN(feature.missing);
    var known = feature.of.indexOf(value), begin = value;
    switch (feature.kind) {
      case "one of": case "none of": case "rank":
        if (known < 0 && !(feature.kind === "none of" && feature.unknown === null)) return orNaN(feature.unknown);
        begin = feature.kind === "rank" ? known : Number((known >= 0) === (feature.kind === "one of"));
        break;
      case "missing": begin = 0; break;
      case "part": begin = part(feature.of[0], value); break;
    }
    return run(feature.steps, begin);
  }

  function forward(layer, a) {
    var z = layer.b.map(function (b, j) {
      return layer.W.reduce(function (sum, row, i) { return sum + a[i] * row[j]; }, 0) + b;
    });
    if (layer.activation.expression === null) {
      var begin = 0;
      return (layer.activation.groups || [z.length]).reduce(function (all, size) {
        var group = z.slice(begin, begin += size), top = Math.max.apply(null, group);
        var e = group.map(function (x) { return Math.exp(x - top); });
        var sum = e.reduce(function (x, y) { return x + y; }, 0);
        return all.concat(e.map(function (x) { return x / sum; }));
      }, []);
    }
    return z.map(function (x) { return valueOf(layer.activation.expression, { z: x }); });
  }

  function Model(document) {
    if (document.format !== "pellucid-network" || [1, 2].indexOf(document.version) < 0) {
      throw new Error("no document of version 1 or 2 of pellucid-network");
    }
    this.document = document;
  }

  Model.prototype.predict = function (row) {
    var document = this.document;
    var inputs = document.features.map(function (feature) { return prepared(feature, row[feature.input]); });
    var members = document.version === 1 ? [{ share: 1, layers: document.layers }] : document.members;
    var a = members.map(function (member) { // of each network y_hat, times its share
      return member.layers.reduce(function (values, layer) { return forward(layer, values); }, inputs).map(function (y) { return member.share * y; });
    }).reduce(function (sum, part) { return sum.map(function (y, k) { return y + part[k]; }); });
    if (document.task === "classes" && a.length === 1) return [1 - a[0], a[0]];
    return document.targets.length ? a.map(function (y, k) { return run(back(document.targets[k]), y); }) : a;
  };

  Model.prototype.check = function () {
    var model = this, worst = 0, largest = this.document.task === "numbers" ? 1e-300 : 1;
    this.document.examples.rows.forEach(function (row, at) {
      model.predict(row).forEach(function (y, k) {
        var expected = model.document.examples.outputs[at][k];
        if (expected === null && y !== y) return;
        largest = Math.max(largest, Math.abs(expected));
        var difference = Math.abs(y - expected);
        worst = difference === difference ? Math.max(worst, difference) : Infinity;
      });
    });
    return worst / largest;
  };

  Model.days = function (date) { return (date - Date.UTC(2000, 0, 1)) / 86400000; };

  return Model;
})();

if (typeof module !== "undefined") module.exports = PellucidModel;
