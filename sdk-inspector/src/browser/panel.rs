//! The panel: a closed shadow root at the end of the document, which no style and
//! no script of the page's reaches.
//!
//! Its style is a constructed sheet, so that no policy on styles is asked. The
//! SDK does not see what is done in it (`data-tidemark="ignore"`).

use std::cell::Cell;
use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CssStyleSheet, Element, HtmlElement, KeyboardEvent, ShadowRootInit, ShadowRootMode};

use super::dom::{Maker, set};
use super::row::Row;
use crate::journal::{Journal, Told};

/// The panel's elements, and the rows by number.
pub(super) struct Panel {
    maker: Maker,
    rows: Vec<Row>,
    list: Element,
    empty: Element,
    consent: Element,
    count: Element,
    cleared: Rc<Cell<bool>>,
}

impl Panel {
    /// Puts an empty panel into the page.
    ///
    /// # Errors
    /// What the browser threw.
    pub(super) fn new() -> Result<Self, JsValue> {
        let document = web_sys::window().and_then(|window| window.document());
        let document = document.ok_or_else(|| JsValue::from_str("there is no document"))?;
        let maker = Maker(document);

        let title = maker.make("h2", "", "Tidemark")?;
        let consent = maker.make("span", "consent", "")?;
        let count = maker.make("span", "count", "")?;
        set(&count, &[("role", "status")])?;
        let clear = button(&maker, "Clear")?;
        let fold = button(&maker, "Fold")?;
        set(&fold, &[("aria-expanded", "true"), ("aria-controls", "events")])?;
        let head = maker.around("header", "", &[&title, &consent, &count, &clear, &fold])?;
        let list = maker.make("ol", "events", "")?;
        set(&list, &[("aria-label", "Events, newest first")])?;
        let empty = maker.make("p", "empty", "No event yet.")?;
        let body = maker.around("div", "body", &[&empty, &list])?;
        set(&body, &[("id", "events")])?;
        let panel = maker.around("section", "panel", &[&head, &body])?;
        set(&panel, &[("aria-label", "Tidemark inspector")])?;

        let host = maker.make("tidemark-inspector", "", "")?;
        set(&host, &[("data-tidemark", "ignore")])?;
        let shadow = host.attach_shadow(&ShadowRootInit::new(ShadowRootMode::Closed))?;
        let sheet = CssStyleSheet::new()?;
        sheet.replace_sync(include_str!("panel.css"))?;
        shadow.set_adopted_style_sheets(&Array::of1(&sheet));
        shadow.append_child(&panel)?;
        let root = maker.0.document_element();
        root.ok_or_else(|| JsValue::from_str("the document is empty"))?.append_child(&host)?;

        let cleared = Rc::new(Cell::new(false));
        hear_fold(&panel, &fold, &body)?;
        hear_clear(&clear, &list, &empty, &cleared)?;
        Ok(Self { maker, rows: Vec::new(), list, empty, consent, count, cleared })
    }

    /// Whether the developer cleared it since it was last asked.
    pub(super) fn wants_clear(&mut self) -> bool {
        let wants = self.cleared.take();
        if wants {
            self.rows.clear();
        }
        wants
    }

    /// Shows what a step changed.
    ///
    /// # Errors
    /// What the browser threw.
    pub(super) fn show(&mut self, journal: &Journal, told: &Told) -> Result<(), JsValue> {
        self.rows.retain(|row| {
            let stays = !told.gone.contains(&row.number);
            if !stays {
                row.item.remove();
            }
            stays
        });
        for entry in told.changed.iter().filter_map(|number| journal.entry(*number)) {
            let place = self.rows.iter().position(|row| row.number == entry.number);
            let row = match place.and_then(|place| self.rows.get(place)) {
                Some(row) => row,
                None => {
                    let row = Row::new(&self.maker, entry)?;
                    self.list.prepend_with_node_1(&row.item)?;
                    self.rows.push(row);
                    let Some(row) = self.rows.last() else { continue };
                    row
                }
            };
            row.show(&self.maker, entry)?;
        }
        let consent = journal.consent();
        self.consent.set_text_content(Some(&format!("consent {consent}")));
        set(&self.consent, &[("data-consent", consent)])?;
        let events = journal.entries().len();
        self.count.set_text_content(Some(&match events {
            1 => "1 event".to_string(),
            _ => format!("{events} events"),
        }));
        self.empty.toggle_attribute_with_force("hidden", events > 0)?;
        Ok(())
    }
}

fn button(maker: &Maker, text: &str) -> Result<Element, JsValue> {
    let button = maker.make("button", "", text)?;
    set(&button, &[("type", "button")])?;
    Ok(button)
}

/// Folds and opens it: by the button, and by Escape from anywhere inside.
fn hear_fold(panel: &Element, fold: &Element, body: &Element) -> Result<(), JsValue> {
    let turn = {
        let (fold, body) = (fold.clone(), body.clone());
        move |opens: bool| -> Result<(), JsValue> {
            body.toggle_attribute_with_force("hidden", !opens)?;
            fold.set_text_content(Some(if opens { "Fold" } else { "Open" }));
            set(&fold, &[("aria-expanded", if opens { "true" } else { "false" })])
        }
    };
    let by_button = {
        let (turn, body) = (turn.clone(), body.clone());
        Closure::<dyn FnMut() -> Result<(), JsValue>>::new(move || {
            turn(body.has_attribute("hidden"))
        })
    };
    fold.add_event_listener_with_callback("click", by_button.as_ref().unchecked_ref())?;
    let by_escape = {
        let fold = fold.clone();
        Closure::<dyn FnMut(KeyboardEvent) -> Result<(), JsValue>>::new(
            move |event: KeyboardEvent| {
                if event.key() != "Escape" {
                    return Ok(());
                }
                turn(false)?;
                // What had the focus may be hidden now.
                fold.dyn_ref::<HtmlElement>().map_or(Ok(()), HtmlElement::focus)
            },
        )
    };
    panel.add_event_listener_with_callback("keydown", by_escape.as_ref().unchecked_ref())?;
    // They live as long as the page.
    by_button.forget();
    by_escape.forget();
    Ok(())
}

fn hear_clear(
    clear: &Element,
    list: &Element,
    empty: &Element,
    cleared: &Rc<Cell<bool>>,
) -> Result<(), JsValue> {
    let (list, empty, cleared) = (list.clone(), empty.clone(), Rc::clone(cleared));
    let hear = Closure::<dyn FnMut() -> Result<(), JsValue>>::new(move || {
        list.replace_children_with_node(&Array::new());
        cleared.set(true);
        empty.remove_attribute("hidden")
    });
    clear.add_event_listener_with_callback("click", hear.as_ref().unchecked_ref())?;
    hear.forget();
    Ok(())
}
