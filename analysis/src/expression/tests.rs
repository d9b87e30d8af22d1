//! Formulae against numbers worked out by hand, and texts that are none.

use std::f64::consts::PI;

use super::{Expression, function_names};

fn expression(text: &str) -> Expression {
    Expression::parse(text).unwrap_or_else(|error| panic!("{text} {error}"))
}

/// The value of a text for x = 3, y = −2, whichever comes first in it.
fn value(text: &str) -> f64 {
    let expression = expression(text);
    let of = |name: &String| match name.as_str() {
        "x" => 3.0,
        "y" => -2.0,
        "nan" => f64::NAN,
        other => panic!("{other} in {text}"),
    };
    expression.value(&expression.names().iter().map(of).collect::<Vec<_>>())
}

fn refused(text: &str) -> String {
    Expression::parse(text).expect_err(text).to_string()
}

#[test]
fn operators_bind_as_in_mathematics() {
    for (text, expected) in [
        ("1 + 2*3", 7.0),
        ("10 - 4 - 3", 3.0),
        ("12/2/3", 2.0),
        ("2^3^2", 512.0),
        ("-x^2", -9.0),
        ("(-x)^2", 9.0),
        ("2^-1", 0.5),
        ("2^-y*3", 12.0),
        ("-x*y", 6.0),
        ("x--y", 1.0),
        ("x - -y", 1.0),
        ("+x", 3.0),
        ("1e-3*1.5E+3 + .5 + 2.", 4.0),
        ("1 < 2 && 3 != 3 || x >= 3", 1.0),
        ("1 + 1 < 3", 1.0),
        ("1 == 2 || 1 == 1 && 0", 0.0),
        ("!(x > 5) && !0", 1.0),
        ("x <= 3", 1.0),
        ("x > 3", 0.0),
        ("x\n\t* y", -6.0),
        ("  x ", 3.0),
        ("`x`^2", 9.0),
        ("pi", PI),
        ("cos(π)", -1.0),
    ] {
        assert!((value(text) - expected).abs() < 1e-12, "{text} is {}", value(text));
    }
}

#[test]
fn functions_are_those_of_their_names() {
    for (text, expected) in [
        ("abs(y)", 2.0),
        ("sqrt(x+1)", 2.0),
        ("exp(ln(x))", 3.0),
        ("log10(1000)", 3.0),
        ("sin(pi/6)", 0.5),
        ("tan(atan(0.3))", 0.3),
        ("asin(sin(0.3))", 0.3),
        ("acos(cos(0.3))", 0.3),
        ("sinh(asinh(0.3))", 0.3),
        ("cosh(acosh(1.3))", 1.3),
        ("tanh(atanh(0.3))", 0.3),
        ("cosh(1)^2 - sinh(1)^2", 1.0),
        ("atan2(1, -1)", 0.75 * PI),
        ("hypot(x, 4)", 5.0),
        ("min(x, y)", -2.0),
        ("max(x, min(y, 7), max(1, 2, 5))", 5.0),
        ("floor(-0.5) + ceil(0.2) + round(1.6)", 2.0),
        ("delta_phi(3, -3)", 6.0 - 2.0 * PI),
        ("delta_phi(1, 0.5)", 0.5),
        ("delta_phi(-3, 3)", 2.0 * PI - 6.0),
        ("delta_phi (0.5, 1)", -0.5),
    ] {
        assert!((value(text) - expected).abs() < 1e-12, "{text} is {}", value(text));
    }
    assert!(function_names().contains(&"delta_phi") && function_names().contains(&"sqrt"));
    assert!(
        !function_names().contains(&"plus") && !function_names().contains(&"minus"),
        "{:?}",
        function_names()
    );
}

#[test]
fn the_mass_of_two_massless_particles_is_that_of_their_momenta() {
    let text = "sqrt(2*pt1*pt2*(cosh(eta1-eta2)-cos(phi1-phi2)))";
    let mass = expression(text);
    assert_eq!(mass.names(), ["pt1", "pt2", "eta1", "eta2", "phi1", "phi2"]);
    let (pt, eta, phi) = ([44.5, 38.2], [0.7, -1.3], [2.9, -0.4]);
    let momentum = |i: usize| [pt[i] * f64::cos(phi[i]), pt[i] * f64::sin(phi[i]), pt[i] * f64::sinh(eta[i])];
    let sum = (0..3).map(|axis| (momentum(0)[axis] + momentum(1)[axis]).powi(2)).sum::<f64>();
    let energy = pt[0] * f64::cosh(eta[0]) + pt[1] * f64::cosh(eta[1]);
    let expected = (energy * energy - sum).sqrt();
    let found = mass.value(&[pt[0], pt[1], eta[0], eta[1], phi[0], phi[1]]);
    assert!((found - expected).abs() < 1e-9, "{found} {expected}");
}

#[test]
fn what_cannot_be_computed_has_no_truth() {
    for text in [
        "sqrt(y)",
        "ln(-1)",
        "1/(x-3) > 0",
        "nan < 1",
        "nan == nan",
        "nan != 1",
        "!nan",
        "nan && 1",
        "0 || nan",
        "min(nan, 1)",
        "max(1, nan)",
    ] {
        assert!(value(text).is_nan(), "{text} is {}", value(text));
    }
    assert!(value("1/(x-3)").is_infinite());
    for (text, truth) in [("0 && nan", 0), ("nan && 0", 0), ("1 || nan", 1), ("nan || 1", 1)] {
        assert_eq!(value(text).to_bits(), f64::from(truth).to_bits(), "{text}");
    }
    // A guard decides.
    assert!(value("y > 0 && ln(y) > 1") < 0.5 && value("y <= 0 || ln(y) > 1") > 0.5);
}

#[test]
fn names_are_those_of_columns() {
    let names = |text: &str| expression(text).names().join("|");
    assert_eq!(names("a.pt + Q1*Q1 - η_2"), "a.pt|Q1|η_2");
    // A function is one before a bracket alone, and other names stand between backticks.
    assert_eq!(names("min + `mass, GeV`/`pi`*e"), "min|mass, GeV|pi|e");
    assert_eq!(names("2*pi"), "");
}

#[test]
fn a_long_formula_needs_as_much_room_as_it_needs() {
    // Each bracket keeps a sum waiting.
    let text = (0..30).map(|_| "1+(").collect::<String>() + "x" + &")".repeat(30);
    assert!((value(&text) - 33.0).abs() < 1e-12);
}

#[test]
fn texts_that_are_none_are_told_where_and_why() {
    for (text, expected) in [
        ("", "ends too early (a value is expected there) write a number, a column, a function or a bracket"),
        ("x +", "ends too early (a value is expected there) write a number"),
        ("x + * y", "makes no sense at character 5, \"* y\" (a value is expected there) write ^ for powers"),
        ("x ** y", "makes no sense at character 4, \"* y\" (a value is expected there) write ^ for powers"),
        (
            "sqrt(x",
            "makes no sense at character 5, \"(x\" (the bracket that opens there has no end) close it",
        ),
        (
            "(x + 1))",
            "makes no sense at character 8, \")\" (this bracket has no beginning) remove it, or open one",
        ),
        ("sqrt()", "makes no sense at character 6, \")\" (a value is expected there)"),
        ("x y", "makes no sense at character 3, \"y\" (an operator is expected there)"),
        ("2x", "makes no sense at character 2, \"x\" (an operator is expected there)"),
        (
            "1 < x < 3",
            "makes no sense at character 7, \"< 3\" (comparisons do not chain) write a < b && b < c",
        ),
        ("x = 1", "makes no sense at character 3, \"= 1\" (one sign is half of an operator) write =="),
        ("(x & y)", "makes no sense at character 4, \"& y)\" (one sign is half of an operator)"),
        ("x > 1 and y", "makes no sense at character 7, \"and y\" (words are columns) write && for and"),
        ("1,5", "makes no sense at character 2, \",5\" (values of functions alone stand between commas)"),
        ("cosh(x, y)", "character 1, \"cosh(x, y)\" (cosh takes one value, and 2 stand there)"),
        ("1 + atan2(x)", "character 5, \"atan2(x)\" (atan2 takes two values, and 1 stand there)"),
        ("min(x)", "(min takes two values or more, and 1 stand there)"),
        ("srqt(x)", "character 1, \"srqt(x)\" (there is no function srqt) did you mean sqrt?"),
        ("quux(x)", "(there is no function quux) choose from abs, sqrt, exp, ln,"),
        (
            "log(x)",
            "(log is the natural logarithm for some and the decimal one for others) write ln or log10",
        ),
        ("η1 + 'a'", "makes no sense at character 6, \"'a'\""),
        ("`a", "makes no sense at character 1, \"`a\""),
        ("x # y", "makes no sense at character 3, \"# y\""),
        ("minus(x, y)", "there is no function minus"),
        ("x \u{1b}[31m", "makes no sense at character 3, \" [31m\""),
    ] {
        let message = refused(text);
        assert!(message.contains(expected), "{text}: {message}");
    }
}

#[test]
fn no_text_is_read_without_end() {
    for text in [
        "(".repeat(1000),
        "-".repeat(1500) + "1",
        "- ".repeat(900) + "1",
        "2^".repeat(700) + "2",
        "sqrt(".repeat(300) + "1",
    ] {
        let message = refused(&text);
        assert!(message.contains("(more than 40 brackets, powers or signs lie in each other)"), "{message}");
    }
    let message = refused(&"1+".repeat(1200));
    assert!(message.starts_with("is longer than 2000 characters ("), "{message}");
}

#[test]
fn an_expression_is_stored_as_its_text() {
    let stored = serde_json::to_string(&expression("x > 1")).expect("JSON");
    assert_eq!(stored, "\"x > 1\"");
    assert_eq!(serde_json::from_str::<Expression>(&stored).expect("a formula"), expression("x > 1"));
    assert!(serde_json::from_str::<Expression>("\"x >\"").is_err());
}
