//! Elements by their name, class and text. Nothing here takes markup.

use wasm_bindgen::JsValue;
use web_sys::{Document, Element};

/// Makes elements.
pub(super) struct Maker(pub(super) Document);

impl Maker {
    /// An element with a class and a text, each empty for none.
    ///
    /// # Errors
    /// What the browser threw.
    pub(super) fn make(&self, tag: &str, class: &str, text: &str) -> Result<Element, JsValue> {
        let element = self.0.create_element(tag)?;
        if !class.is_empty() {
            element.set_class_name(class);
        }
        if !text.is_empty() {
            element.set_text_content(Some(text));
        }
        Ok(element)
    }

    /// An element around others.
    ///
    /// # Errors
    /// What the browser threw.
    pub(super) fn around(
        &self,
        tag: &str,
        class: &str,
        inner: &[&Element],
    ) -> Result<Element, JsValue> {
        let element = self.make(tag, class, "")?;
        for child in inner {
            element.append_child(child)?;
        }
        Ok(element)
    }
}

/// Sets attributes.
///
/// # Errors
/// What the browser threw.
pub(super) fn set(element: &Element, attributes: &[(&str, &str)]) -> Result<(), JsValue> {
    attributes.iter().try_for_each(|(name, value)| element.set_attribute(name, value))
}
