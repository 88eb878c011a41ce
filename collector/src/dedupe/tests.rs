//! The index against a model: a set of ids, each with the time it came.
