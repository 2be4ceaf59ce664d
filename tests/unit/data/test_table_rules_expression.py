"""Expressions over columns: what they may hold, what they mean, and what attacks meet."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.data.table.expression_syntax import parse_expression
from gansmith.data.table.number_format import NumberFormat
from gansmith.data.table.parse import ParsedColumn, parse_column
from gansmith.data.table.rule_expression import ExpressionCheck
from gansmith.data.table.rule_reading import read_rules
from gansmith.data.table.schema import BooleanColumn, CategoryColumn, NumberColumn, Special, TimeColumn
from gansmith.data.table.time_format import TimeFormat
from gansmith.errors import InputError

pa = pytest.importorskip("pyarrow")


def number(name, digits=2, **more):
    return NumberColumn(name=name, kind="decimal", format=NumberFormat(digits=digits), low=-100, high=100, **more)


def time(name, kind, format, low, high, origin=""):
    return TimeColumn(name=name, kind=kind, format=TimeFormat(format=format), origin=origin, low=low, high=high)


COLUMNS = {
    column.name: column
    for column in (
        number("age", 0, missing=("",), specials=(Special(text="99"),)),
        number("price", missing=("NA",)),
        number("hours-per-week", 0),
        number("a`b", 0),
        number("größe", 0),
        CategoryColumn(name="class", kind="category", values=("1", "2", "3"), missing=("",)),
        CategoryColumn(name="colour", kind="category", values=("red", "green")),
        CategoryColumn(name="frame", kind="category", values=("green", "blue", "red"), missing=("",)),
        BooleanColumn(name="smokes", kind="boolean", values=("no", "yes"), missing=("",)),
        BooleanColumn(name="alive", kind="boolean", values=("0", "1")),
        time("born", "date", "%d.%m.%Y", "01.01.1950", "31.12.2020", "1950-01-01").model_copy(
            update={"missing": ("",)}
        ),
        time("died", "date", "%Y-%m-%d", "1990-01-01", "2025-12-31", "1990-01-01"),
        time("seen", "datetime", "%Y-%m-%d %H:%M", "1990-01-01 00:00", "2025-12-31 00:00", "1990-01-01T00:00:00"),
        time("opens", "time", "%H:%M", "00:00", "23:59"),
        time("took", "duration", "%K:%M:%S", "0:00:00", "9:00:00"),
    )
}


def bind(text):
    (rule,) = read_rules([{"kind": "expression", "expression": text}], "rules")
    return ExpressionCheck.bind(rule, COLUMNS)


def holds(text, **values):
    rows = {}
    for name, texts in values.items():
        column = COLUMNS[{"hours": "hours-per-week", "klass": "class"}.get(name, name)]
        rows[column.name], bad = parse_column(pa.array([str(t) for t in texts], pa.string()), column)
        assert not bad.any()
    return bind(text).holds(rows).tolist()


def refusal(text) -> str:
    with pytest.raises(InputError) as found:
        bind(text)
    (line,) = found.value.problems
    assert "\n" not in line and len(line) < 300
    return line.removeprefix("rules: rule 1 (expression): expression: ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("__import__('os').system('rm')", "a call of this has no place in an expression"),
        ("__import__('os')", "a call of '__import__' has no place"),
        ("eval('1')", "a call of 'eval' has no place in an expression; known: abs"),
        ("open('f') == 1", "a call of 'open' has no place"),
        ("age.__class__ == 1", "an attribute (a dot) has no place in an expression (at character 1)"),
        ("().__class__.__bases__[0]", "an index in [ ] has no place"),
        ("(lambda: 1)()", "a call of this has no place"),
        ("lambda x: age", "a lambda has no place"),
        ("[x for x in age]", "a comprehension has no place"),
        ("{x for x in age}", "a comprehension has no place"),
        ("{x: 1 for x in age}", "a comprehension has no place"),
        ("any(x for x in age)", "a call of 'any' has no place"),
        ("max(x for x in age)", "max takes 2 to 20 arguments, not 1"),
        ("max(*age, 1)", "a star has no place"),
        ("(y := age) > 1", "an assignment (:=) has no place"),
        ("f'{age}' == 'a'", "an f-string has no place"),
        ("age > f'{open}'", "an f-string has no place in an expression (at character 7)"),
        ("b'a' == age", "bytes has no place"),
        ("age == ...", "this constant has no place"),
        ("age == 1j", "this constant has no place"),
        ("age == None", "isna(column) asks for a missing value"),
        ("age is 1", "the sign 'is' has no place in an expression: '==' may be meant"),
        ("age > 1 & price > 1", "the sign '&' has no place in an expression: 'and' may be meant"),
        ("~smokes", "the sign '~' has no place in an expression: 'not' may be meant"),
        ("+age > 1", "the sign '+' has no place"),
        ("age // 2 == 1", "the sign '//' has no place"),
        ("age @ 2 == 1", "the sign '@' has no place"),
        ("age << 99999", "the sign '<<' has no place"),
        ("age[0] > 1", "an index in [ ] has no place"),
        ("{'a': 1}", "a dictionary has no place"),
        ("{1, 2}", "a set has no place"),
        ("(age, 1) > 2", "a list that does not stand behind 'in' has no place"),
        ("1 if smokes else 2", "if ... else has no place"),
        ("await age", "await has no place"),
        ("yield age", "the expression can't be read"),
        ("import os", "the expression can't be read (at character 1)"),
        ("age > 1; price > 1", "the expression can't be read"),
        ("age > 1) or (price > 1", "the expression can't be read"),
        ("age > 1 # old\nand smokes", "a comment has no place in an expression (at character 9)"),
        ("age == '''1'''", "three quotes have no place"),
        ("age = 3", "the expression can't be read (at character 5); equal values are compared with =="),
        ("class == '1'", "words of Python such as 'class', go in backticks"),
        ("hours per week > 3", "names with blanks or signs"),
        ("age ** 10 > 1", "behind ** stands a whole number from 0 to 9"),
        ("age ** -1 > 1", "behind ** stands"),
        ("age ** 0.5 > 1", "behind ** stands"),
        ("age ** True > 1", "behind ** stands"),
        ("2 ** age > 1", "behind ** stands"),
        ("9 ** 9 ** 9 ** 9 > age", "behind ** stands"),
        ("age > 99999999999999999999", "beyond 2**53 is not exact"),
        ("age > 1e999", "a number beyond every float"),
        ("(" * 150 + "age" + ")" * 150 + " > 1", "age"),
        ("(" * 300 + "age" + ")" * 300, "nested too deeply"),
        ("-" * 70 + "age > 1", "nested too deeply: at most 60 levels"),
        ("-" * 3000 + "age > 1", "nested too deeply"),
        ("not " * 500 + "smokes", "nested too deeply"),
        ("age" + " + age" * 500 + " > 1", "nested too deeply"),
        ("age" + " > 1 and age" * 1000, "at most 4,000 characters, and this one has 12,003"),
        ("`age", "a backtick needs the name of a column"),
        ("`` > 1", "a backtick needs the name of a column"),
        ("1 < 2", "the expression names no column"),
        ("  ", "the expression is empty"),
        ("age in price", "behind 'in' stands a list of constants"),
        ("age in (1, price)", "a list of constants, and this is none (at character 12)"),
        ("age in ()", "an empty list"),
        ("isna(age + 1)", "isna takes the name of a column"),
        ("isna(age, price)", "isna takes 1 argument, not 2"),
        ("abs(age, x=1) > 2", "abs takes no named arguments"),
        ("`abs`(age) > 1", "a call of"),
        ("ab(age) > 1", "did you mean 'abs'?"),
        ("\x00", "the expression can't be read"),
        ("\ud800 > 1", "the expression can't be read"),
    ],
)
def test_what_has_no_place_is_refused(text, said):
    if text.startswith("(" * 150 + "age"):
        assert parse_expression(text).columns == ("age",)  # parentheses alone cost nothing
        return
    assert said in refusal(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("agee > 3", "there is no column 'agee'; did you mean 'age'?"),
        ("age", "column 'age' (decimal) is neither true nor false: compare it (at character 1)"),
        ("age + 1", "a number is neither true nor false"),
        ("smokes and price", "column 'price' (decimal) is neither true nor false: compare it (at character 12)"),
        ("not colour", "column 'colour' (category) is neither true nor false"),
        ("colour > 'red'", "column 'colour' (category) has no order: compare with ==, != or in"),
        ("smokes < True", "has no order"),
        ("`class` <= 2", "column 'class' (category) has no order"),
        ("colour == 'rad'", "column 'colour' has no value 'rad'; did you mean 'red'?"),
        ("colour in ('red', 'blu')", "column 'colour' has no value 'blu'"),
        ("age == 'old'", "column 'age' (decimal) can't be compared with 'old'"),
        ("'a' == 'b' or age > 1", "'a' can't be compared with 'b'"),
        ("age == colour", "can't be compared"),
        ("age == smokes", "can't be compared"),
        ("born > 3", "column 'born' (date) can't be compared with 3"),
        ("born > '1990-99-99'", "is no date as column 'born' spells it, such as '01.01.1950'"),
        ("born > opens", "can't be compared"),
        ("born + died > 1", "column 'born' (date) can't be reckoned with"),
        ("colour + 1 > 2", "column 'colour' (category) can't be reckoned with"),
        ("-smokes > 2", "column 'smokes' (boolean) can't be reckoned with"),
        ("min(colour, 1) > 2", "can't be reckoned with"),
        ("round(age, price) > 1", "round takes a whole number of digits"),
        ("round(age, 99) > 1", "round takes a whole number of digits"),
        ("1 < age in (2, 3)", "'in' stands in a chain of comparisons: use 'and'"),
    ],
)
def test_what_does_not_fit_together_is_refused(text, said):
    assert said in refusal(text)


def test_names_in_backticks_and_other_letters():
    values = {"hours": [1, 3, 3], "a`b": [0, 0, 5], "größe": [1, 1, 1]}
    assert holds("`hours-per-week` > 2 and `a``b` < größe", **values) == [False, True, False]
    assert parse_expression("`a b`>1and\n\tc<2").columns == ("a b", "c")
    assert parse_expression("x == 'it`s # `fine`' or `y#'`").columns == ("x", "y#'")
    assert "(at character 14)" in refusal("größe > 1 or age.x")


def test_comparisons_chains_and_lists():
    assert holds("18 <= age < 65", age=[17, 18, 64, 65, ""]) == [False, True, True, False, True]
    assert holds("age in (18, -1, 30.0)", age=[18, -1, 30, 31]) == [True, True, True, False]
    assert holds("age not in [18]", age=[18, 19, ""]) == [False, True, True]
    assert holds("colour in ('red',)", colour=["red", "green"]) == [True, False]
    assert holds("'red' == colour", colour=["red", "green"]) == [True, False]
    assert holds("`class` == 1 or `class` in ('2', 3)", klass=["1", "2", "3"]) == [True] * 3
    assert holds("colour == frame", colour=["red", "green", "red", "red"], frame=["red", "green", "blue", ""]) == [
        True, True, False, True]  # fmt: skip
    assert holds("frame != colour", colour=["red", "green", "red"], frame=["red", "green", "blue"]) == [
        False,
        False,
        True,
    ]


def test_flags_are_true_or_spelt():
    assert holds("smokes", smokes=["yes", "no", ""]) == [True, False, True]
    assert holds("not smokes", smokes=["yes", "no", ""]) == [False, True, True]
    assert holds("smokes == 'yes' or smokes == False", smokes=["yes", "no"]) == [True, True]
    assert holds("alive == 1", alive=["0", "1"]) == [False, True] == holds("alive == True", alive=["0", "1"])
    assert holds("alive == smokes", alive=["0", "1", "1"], smokes=["no", "yes", "no"]) == [True, True, False]
    assert holds("alive == (age > 3)", alive=["0", "1", "1"], age=[1, 5, 2]) == [True, True, False]


def test_arithmetic():
    assert holds("age + 2 * price - 1 == 4.5", age=[1, 2], price=["2.25", "2.25"]) == [True, False]
    assert holds("age % 2 == 0 and age / 2 == 2", age=[4, 5]) == [True, False]
    assert holds("-age ** 2 == -9", age=[3, 2]) == [True, False]
    assert holds("(age - 3) ** 0 == 1", age=[3, 4]) == [True, True]
    assert holds("round(price) == 2 or round(price, 1) == 1.3", price=["2.50", "1.25", "1.26"]) == [True, False, True]
    assert holds("max(age, price, 3) == 3 and min(age, 1) < abs(age)", age=[3, 4, 0], price=["1.00"] * 3) == [
        True, False, False]  # fmt: skip


def test_what_has_no_value_is_open():
    assert holds("age / price > 1", age=[4, 4, 0], price=["0.00", "5.00", "0.00"]) == [True, False, True]
    assert holds("price < 10 and age > 20", age=["", "", 30], price=["20.00", "1.00", "NA"]) == [False, True, True]
    assert holds("not isna(age)", age=["", 3]) == [False, True]
    assert holds("isna(age) == isna(price)", age=["", "", 3], price=["NA", "1.00", "1.00"]) == [True, False, True]
    assert holds("price < 10 and not isna(price)", price=["NA", "1.00", "10.00"]) == [False, True, False]
    assert holds("isna(colour)", colour=["red"]) == [False]
    big = "(age * 1e300) ** 9 > 1"
    assert holds(big, age=[9, -9, 0]) == [True, True, False]  # beyond every float there is nothing to compare


def test_special_values_are_numbers():
    assert holds("age < 90", age=[99, 1]) == [False, True]


def test_times():
    dates = {"born": ["01.02.1990", "31.01.1990", ""], "died": ["2000-01-01"] * 3}
    assert holds("born >= '1990-02-01'", born=dates["born"]) == [True, False, True]
    assert holds("born >= '01.02.1990'", born=dates["born"]) == [True, False, True]
    assert holds("'1990-02-01' <= born", born=dates["born"]) == [True, False, True]
    assert holds("born < died", **dates) == [True] * 3
    assert holds("(died - born) / 365.25 > 9.915", **dates) == [False, True, True]
    assert holds("died - born == 3621", **dates) == [True, False, True]
    assert holds("born + 3621 == died", **dates) == [True, False, True]
    assert holds("died - '1999-12-31' == 1", died=dates["died"]) == [True] * 3
    seen = ["2000-01-01 00:00", "1999-12-31 23:59", "2000-01-01 00:01"]
    assert holds("seen >= died", seen=seen, died=dates["died"]) == [True, False, True]
    assert holds("seen - died == 60", seen=seen, died=dates["died"]) == [False, False, True]
    assert holds("seen - 60 < '2000-01-01'", seen=seen) == [True, True, False]
    assert holds("seen == '1999-12-31 23:59'", seen=seen) == [False, True, False]
    assert holds("born in ('1990-01-31', '01.02.1990')", born=["01.02.1990", "31.01.1990", "01.03.1990"]) == [
        True,
        True,
        False,
    ]
    assert holds("opens > '09:30' and opens + 60 < 36000", opens=["09:30", "09:31", "09:59"]) == [False, True, False]
    assert holds("took > 90 and took <= '0:02:00'", took=["0:01:30", "0:01:31", "0:02:01"]) == [False, True, False]


def test_it_is_worked_out_for_all_rows_at_once():
    check = bind("abs(age - price) < 5 or `hours-per-week` ** 2 > 100 and not (price == 3)")
    rng = np.random.default_rng(0)
    zero = np.zeros(200_000, np.uint8)
    rows = {n: ParsedColumn(rng.integers(-50, 50, 200_000).astype(float), zero, zero)
            for n in ("age", "price", "hours-per-week")}  # fmt: skip
    age, price, hours = (rows[n].values for n in rows)
    wanted = (np.abs(age - price) < 5) | ((hours**2 > 100) & (price != 3))
    assert np.array_equal(check.holds(rows), wanted)
