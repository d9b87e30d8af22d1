//! The grammar of formulae: from a text to a tree.
//!
//! Operators from the loosest to the tightest: `||`, `&&`, comparisons (which do not chain), `+ -`, `* /`, the signs in front
//! `- + !`, and `^`, which begins at its right.

use std::f64::consts::PI;

use winnow::LocatingSlice;
use winnow::ModalResult;
use winnow::ascii::multispace0;
use winnow::combinator::{Infix, Prefix, alt, cut_err, delimited, expression, not, opt, peek};
use winnow::error::{ErrMode, ParserError};
use winnow::prelude::*;
use winnow::stream::Location;
use winnow::token::{literal, one_of, take_while};

use super::ExpressionError;
use super::function::{self, Binary, Unary};
use super::program::Node;

type Input<'i> = LocatingSlice<&'i str>;
type Failure = ErrMode<Fault>;

/// Brackets within brackets, and powers of powers, at most: each is read within the other.
const DEEPEST: usize = 40;

/// Letters of the text that a message shows.
const SHOWN: usize = 20;

/// Where a text goes wrong, in bytes from its beginning, and why.
#[derive(Clone, Debug)]
struct Fault {
    at: usize,
    why: String,
    remedy: String,
}

impl Fault {
    fn new(at: usize, why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { at, why: why.into(), remedy: remedy.into() }
    }

    /// What is wrong with what stands behind a value.
    fn behind(input: &Input<'_>) -> Self {
        let rest: &str = input;
        let starts = |any: &[&str]| any.iter().any(|start| rest.starts_with(start));
        let (why, remedy) = if starts(&["<", ">", "==", "!="]) {
            ("comparisons do not chain", "write a < b && b < c for a < b < c")
        } else if starts(&["=", "&", "|"]) {
            ("one sign is half of an operator", "write ==, && or ||")
        } else if starts(&["and ", "or ", "and(", "or("]) {
            ("words are columns", "write && for and, || for or, ! for not")
        } else if starts(&[")"]) {
            ("this bracket has no beginning", "remove it, or open one")
        } else if starts(&[","]) {
            ("values of functions alone stand between commas", "write a point in front of decimals")
        } else {
            (
                "an operator is expected there",
                "write one, or put names with unusual signs between backticks, as `a b`",
            )
        };
        Self::new(input.current_token_start(), why, remedy)
    }

    fn told(self, text: &str) -> ExpressionError {
        let rest = text.get(self.at..).unwrap_or_default();
        let place = if rest.trim().is_empty() {
            "ends too early".to_owned()
        } else {
            let number = text[..self.at].chars().count() + 1;
            let more = if rest.chars().count() > SHOWN { "…" } else { "" };
            let shown: String =
                rest.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
            format!("makes no sense at character {number}, \"{shown}{more}\"")
        };
        ExpressionError { place, why: self.why, remedy: self.remedy }
    }
}

impl<'i> ParserError<Input<'i>> for Fault {
    type Inner = Self;

    fn from_input(input: &Input<'i>) -> Self {
        let (why, remedy) = if input.starts_with('*') {
            ("a value is expected there", "write ^ for powers")
        } else {
            ("a value is expected there", "write a number, a column, a function or a bracket")
        };
        Self::new(input.current_token_start(), why, remedy)
    }

    fn into_inner(self) -> Result<Self::Inner, Self> {
        Ok(self)
    }
}

/// Reads a text.
pub(super) fn read(text: &str) -> Result<Node, ExpressionError> {
    check_depth(text).map_err(|fault| fault.told(text))?;
    let mut input = LocatingSlice::new(text);
    let found = (multispace0, formula).parse_next(&mut input).and_then(|(_, node)| {
        if input.is_empty() { Ok(node) } else { Err(ErrMode::Cut(Fault::behind(&input))) }
    });
    found.map_err(|failure| {
        let unexpected = || Fault::new(0, "it is no formula", "write it anew");
        failure.into_inner().unwrap_or_else(|_| unexpected()).told(text)
    })
}

/// Refuses what would take too many steps into each other to read.
fn check_depth(text: &str) -> Result<(), Fault> {
    let (mut brackets, mut powers, mut signs) = (0_usize, 0, 0);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => brackets += 1,
            ')' => brackets = brackets.saturating_sub(1),
            '^' => powers += 1,
            _ => {}
        }
        signs = if "+-! \t\n\r".contains(letter) { signs + usize::from(letter > ' ') } else { 0 };
        if brackets.max(powers).max(signs) > DEEPEST {
            let why = format!("more than {DEEPEST} brackets, powers or signs lie in each other");
            return Err(Fault::new(at, why, "define parts of it as columns of their own"));
        }
    }
    Ok(())
}

fn formula(input: &mut Input<'_>) -> ModalResult<Node, Fault> {
    expression(operand).prefix(prefix).infix(infix).parse_next(input)
}

fn prefix<'i>(input: &mut Input<'i>) -> ModalResult<Prefix<Input<'i>, Node, Failure>, Fault> {
    let sign = one_of(['-', '+', '!']).parse_next(input)?;
    multispace0(input)?;
    Ok(match sign {
        '-' => Prefix(11, |_, of| Ok(Node::one(Unary::Minus, of))),
        '!' => Prefix(11, |_, of| Ok(Node::one(Unary::Not, of))),
        _ => Prefix(11, |_, of| Ok(of)),
    })
}

/// An operator between two values: how it groups, how tightly it binds, what it computes.
macro_rules! between {
    ($group:ident, $power:literal, $function:ident) => {
        Infix::$group($power, |_, first, second| Ok(Node::two(Binary::$function, first, second)))
    };
}

fn infix<'i>(input: &mut Input<'i>) -> ModalResult<Infix<Input<'i>, Node, Failure>, Fault> {
    let operators: [(&str, Infix<Input<'i>, Node, Failure>); 13] = [
        ("||", between!(Left, 1, Or)),
        ("&&", between!(Left, 3, And)),
        ("<=", between!(Neither, 5, AtMost)),
        (">=", between!(Neither, 5, AtLeast)),
        ("==", between!(Neither, 5, Equal)),
        ("!=", between!(Neither, 5, Unequal)),
        ("<", between!(Neither, 5, Below)),
        (">", between!(Neither, 5, Above)),
        ("+", between!(Left, 7, Plus)),
        ("-", between!(Left, 7, Minus)),
        ("*", between!(Left, 9, Times)),
        ("/", between!(Left, 9, Over)),
        ("^", between!(Right, 13, Power)),
    ];
    for (sign, operator) in operators {
        if opt(literal(sign)).parse_next(input)?.is_some() {
            multispace0(input)?;
            return Ok(operator);
        }
    }
    Err(ErrMode::from_input(input))
}

/// A value, and the space behind it.
fn operand(input: &mut Input<'_>) -> ModalResult<Node, Fault> {
    let node = alt((number, group, quoted, word)).parse_next(input)?;
    multispace0(input)?;
    Ok(node)
}

fn number(input: &mut Input<'_>) -> ModalResult<Node, Fault> {
    let digits = || take_while(0.., '0'..='9');
    let start = peek(alt((one_of('0'..='9').void(), ('.', one_of('0'..='9')).void())));
    let exponent = opt((one_of(['e', 'E']), opt(one_of(['+', '-'])), take_while(1.., '0'..='9')));
    let shape = (start, digits(), opt(('.', digits())), exponent).take();
    shape.verify_map(|text: &str| text.parse().ok().map(Node::Number)).parse_next(input)
}

fn group(input: &mut Input<'_>) -> ModalResult<Node, Fault> {
    let at = input.current_token_start();
    ('(', multispace0).parse_next(input)?;
    let node = cut_err(formula).parse_next(input)?;
    close(at, input)?;
    Ok(node)
}

/// Ends what a bracket at a place has begun.
fn close(opened: usize, input: &mut Input<'_>) -> ModalResult<(), Fault> {
    if opt(')').parse_next(input)?.is_some() {
        return Ok(());
    }
    Err(ErrMode::Cut(if input.is_empty() {
        Fault::new(opened, "the bracket that opens there has no end", "close it")
    } else {
        Fault::behind(input)
    }))
}

fn quoted(input: &mut Input<'_>) -> ModalResult<Node, Fault> {
    let name = delimited('`', take_while(1.., |letter| letter != '`'), '`').parse_next(input)?;
    Ok(Node::Name(name.to_owned()))
}

/// A column, a constant or a function.
fn word(input: &mut Input<'_>) -> ModalResult<Node, Fault> {
    let at = input.current_token_start();
    let inner = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.');
    not(one_of('0'..='9')).parse_next(input)?;
    not(one_of('.')).parse_next(input)?;
    let name = take_while(1.., inner).parse_next(input)?;
    if peek(opt((multispace0, '('))).parse_next(input)?.is_some() {
        multispace0(input)?;
        return call(name, at, input);
    }
    Ok(if matches!(name, "pi" | "π") { Node::Number(PI) } else { Node::Name(name.to_owned()) })
}

fn call(name: &str, at: usize, input: &mut Input<'_>) -> ModalResult<Node, Fault> {
    let opened = input.current_token_start();
    ('(', multispace0).parse_next(input)?;
    let mut arguments = vec![cut_err(formula).parse_next(input)?];
    while opt((',', multispace0)).parse_next(input)?.is_some() {
        arguments.push(cut_err(formula).parse_next(input)?);
    }
    close(opened, input)?;
    called(name, arguments).map_err(|(why, remedy)| ErrMode::Cut(Fault::new(at, why, remedy)))
}

/// A function of its arguments, or why it is none and what to do.
fn called(name: &str, arguments: Vec<Node>) -> Result<Node, (String, String)> {
    let given = arguments.len();
    let wrong = |takes: &str| {
        (format!("{name} takes {takes}, and {given} stand there"), "write as many as it takes".to_owned())
    };
    let mut arguments = arguments.into_iter();
    let (first, second) = (arguments.next(), arguments.next());
    if let Ok(function) = name.parse::<Unary>() {
        return match (first, second) {
            (Some(of), None) => Ok(Node::one(function, of)),
            _ => Err(wrong("one value")),
        };
    }
    let Ok(function) = name.parse::<Binary>() else { return Err(unknown(name)) };
    let any_number = matches!(function, Binary::Min | Binary::Max);
    match (first, second) {
        (Some(first), Some(second)) if given == 2 || any_number => {
            let two = Node::two(function, first, second);
            Ok(arguments.fold(two, |found, next| Node::two(function, found, next)))
        }
        _ => Err(wrong(if any_number { "two values or more" } else { "two values" })),
    }
}

fn unknown(name: &str) -> (String, String) {
    if name == "log" {
        let why = "log is the natural logarithm for some and the decimal one for others";
        return (why.to_owned(), "write ln or log10".to_owned());
    }
    let known = function::names();
    let similarity = |other: &&str| strsim::jaro_winkler(&name.to_lowercase(), other);
    let likely = known.iter().copied().max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
    let remedy = match likely {
        Some(likely) if similarity(&likely) > 0.8 => format!("did you mean {likely}?"),
        _ => format!("choose from {}, or write * in front of the bracket", known.join(", ")),
    };
    (format!("there is no function {name}"), remedy)
}
