//! A formula as steps on a stack of numbers.

use super::function::{Binary, Unary};

/// A formula as a tree.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Number(f64),
    Name(String),
    One(Unary, Box<Node>),
    Two(Binary, Box<Node>, Box<Node>),
}

impl Node {
    /// A function of a formula; of a number it is a number.
    pub fn one(function: Unary, of: Self) -> Self {
        match of {
            Self::Number(x) => Self::Number(function.of(x)),
            other => Self::One(function, Box::new(other)),
        }
    }

    /// A function of two formulae; of numbers it is a number.
    pub fn two(function: Binary, first: Self, second: Self) -> Self {
        match (first, second) {
            (Self::Number(x), Self::Number(y)) => Self::Number(function.of(x, y)),
            (first, second) => Self::Two(function, Box::new(first), Box::new(second)),
        }
    }
}

/// The steps.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Program {
    steps: Vec<Step>,
    /// Numbers that lie on the stack at the same time, at most.
    depth: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Number(f64),
    /// The place of a name among all names.
    Name(usize),
    One(Unary),
    Two(Binary),
}

/// Numbers on the stack that need no memory of their own.
const USUAL: usize = 12;

impl Program {
    /// The steps of a tree, and the names in it in the order in which they come.
    pub fn of(node: &Node) -> (Self, Vec<String>) {
        let (mut steps, mut names) = (Vec::new(), Vec::new());
        add(node, &mut steps, &mut names);
        let (mut depth, mut now) = (0, 0_usize);
        for step in &steps {
            match step {
                Step::Number(_) | Step::Name(_) => now += 1,
                Step::One(_) => {}
                Step::Two(_) => now -= 1,
            }
            depth = depth.max(now);
        }
        (Self { steps, depth }, names)
    }

    /// The value for these numbers in the order of the names.
    pub fn value(&self, values: &[f64]) -> f64 {
        if self.depth <= USUAL {
            self.run(values, &mut [0.0; USUAL])
        } else {
            self.run(values, &mut vec![0.0; self.depth])
        }
    }

    fn run(&self, values: &[f64], stack: &mut [f64]) -> f64 {
        let mut top = 0;
        for step in &self.steps {
            match *step {
                Step::Number(x) => {
                    stack[top] = x;
                    top += 1;
                }
                Step::Name(place) => {
                    stack[top] = values[place];
                    top += 1;
                }
                Step::One(function) => stack[top - 1] = function.of(stack[top - 1]),
                Step::Two(function) => {
                    top -= 1;
                    stack[top - 1] = function.of(stack[top - 1], stack[top]);
                }
            }
        }
        stack[0]
    }
}

fn add(node: &Node, steps: &mut Vec<Step>, names: &mut Vec<String>) {
    match node {
        Node::Number(x) => steps.push(Step::Number(*x)),
        Node::Name(name) => {
            let place = names.iter().position(|known| known == name).unwrap_or_else(|| {
                names.push(name.clone());
                names.len() - 1
            });
            steps.push(Step::Name(place));
        }
        Node::One(function, of) => {
            add(of, steps, names);
            steps.push(Step::One(*function));
        }
        Node::Two(function, first, second) => {
            add(first, steps, names);
            add(second, steps, names);
            steps.push(Step::Two(*function));
        }
    }
}
