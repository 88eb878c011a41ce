//! One pass over a value of a tape, token by token, knowing where it is.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Kind, Node, Token, Tokens, push_pointer, push_pointer_index};

/// Walks one value of a tape: tells what [`Walker`](super::Walker) tells of its
/// text, and does not look at it.
#[derive(Debug)]
pub struct Steps<'t, 'a> {
    root: Node<'t, 'a>,
    /// The node of the last token.
    last: Node<'t, 'a>,
    /// The place of the next one.
    next: usize,
    /// Where the last token ended in the value.
    at: usize,
    open: Vec<Level<'t, 'a>>,
}

#[derive(Debug)]
struct Level<'t, 'a> {
    container: Node<'t, 'a>,
    /// The present member's key, in an object.
    key: Option<&'a str>,
    /// How many items are behind, in an array.
    index: usize,
    /// Whether there was one before.
    begun: bool,
}

impl<'t, 'a> Steps<'t, 'a> {
    /// Starts before the value.
    pub const fn new(root: Node<'t, 'a>) -> Self {
        Self { root, last: root, next: root.place(), at: 0, open: Vec::new() }
    }

    /// Goes on to a place of the text.
    fn goes_to(&mut self, place: usize) {
        self.at = place - self.root.span().0;
    }
}

impl<'a> Tokens<'a> for Steps<'_, 'a> {
    fn position(&self) -> usize {
        self.at
    }

    fn depth(&self) -> usize {
        self.open.len()
    }

    fn pointer(&self, out: &mut String) {
        for level in &self.open {
            match (level.container.kind(), level.key) {
                (Kind::Array, _) => push_pointer_index(out, level.index),
                (_, Some(key)) => push_pointer(out, key),
                (_, None) => {}
            }
        }
    }

    fn is_plain(&self) -> bool {
        self.last.is_plain()
    }
}

impl<'a> Iterator for Steps<'_, 'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let node = self.root.at(self.next);
        if let Some(level) = self.open.last_mut() {
            if level.container.next_place() == self.next {
                let (_, to) = level.container.span();
                self.open.pop();
                self.goes_to(to);
                return Some(Token::Close);
            }
            if node.is_key() {
                level.key = Some(node.inside());
            } else if level.container.kind() == Kind::Array {
                level.index += usize::from(level.begun);
                level.begun = true;
            }
        } else if self.next != self.root.place() {
            return None;
        }
        self.last = node;
        let (from, to) = node.span();
        self.next += 1;
        if node.is_key() {
            self.goes_to(to);
            return Some(Token::Key(node.inside()));
        }
        let kind = node.kind();
        if let Kind::Object | Kind::Array = kind {
            self.goes_to(from + 1);
            self.open.push(Level { container: node, key: None, index: 0, begun: false });
            return Some(Token::Open(kind));
        }
        self.goes_to(to);
        Some(match kind {
            Kind::String => Token::String(node.inside()),
            Kind::Number => Token::Number(node.raw()),
            _ => Token::Literal(node.raw()),
        })
    }
}
