//! The one module with unsafe code: libchdb.so behind types that own what it hands out.
//!
//! What always holds:
//! - The library is never unloaded (its threads outlive any guard), so a
//!   resolved function pointer is good for the rest of the process.
//! - A connection is used by one thread at a time (`&mut self`): chDB runs one
//!   statement a connection.
//! - Every result and stream handle is freed exactly once, by `Drop`.
//!
//! It deliberately knows nothing of HTTP, of settings, or of SQL.

#![expect(unsafe_code, reason = "the boundary to libchdb.so's C interface")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::ptr::NonNull;

type RawConn = *mut c_void;
type RawResult = *mut c_void;
type RawStream = *mut c_void;

/// A result's numbers, as chDB counts them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Counts {
    /// Rows and bytes of the result.
    pub(crate) result_rows: u64,
    /// Bytes of the result in the engine's own binary form.
    pub(crate) result_bytes: u64,
    /// Rows read from storage.
    pub(crate) read_rows: u64,
    /// Bytes read from storage.
    pub(crate) read_bytes: u64,
    /// Rows written, those of materialized views included.
    pub(crate) written_rows: u64,
    /// Bytes written.
    pub(crate) written_bytes: u64,
}

/// The functions of libchdb.so that this process calls.
pub(super) struct Api {
    connect: unsafe extern "C" fn(c_int, *mut *mut c_char) -> *mut RawConn,
    close: unsafe extern "C" fn(*mut RawConn),
    query: unsafe extern "C" fn(
        RawConn,
        *const c_char,
        usize,
        *const c_char,
        usize,
        *const *const c_char,
        *const usize,
        *const *const c_char,
        *const usize,
        usize,
    ) -> RawResult,
    insert: unsafe extern "C" fn(
        RawConn,
        *const c_char,
        usize,
        *const c_char,
        usize,
        *const *const c_char,
        *const usize,
        *const *const c_char,
        *const usize,
        usize,
    ) -> RawStream,
    append: unsafe extern "C" fn(RawStream, *const c_void, usize) -> c_int,
    done: unsafe extern "C" fn(RawStream) -> RawResult,
    cancel_insert: unsafe extern "C" fn(RawStream),
    insert_error: unsafe extern "C" fn(RawStream) -> *const c_char,
    destroy_insert: unsafe extern "C" fn(RawStream),
    error: unsafe extern "C" fn(RawResult) -> *const c_char,
    buffer: unsafe extern "C" fn(RawResult) -> *const c_char,
    length: unsafe extern "C" fn(RawResult) -> usize,
    counts: [unsafe extern "C" fn(RawResult) -> u64; 6],
    destroy_result: unsafe extern "C" fn(RawResult),
    shutdown: unsafe extern "C" fn() -> c_int,
}

impl Api {
    /// Loads the library and resolves every function, once a process.
    /// The error says what the loader or the symbol lookup said.
    pub(super) fn load(path: &Path) -> Result<&'static Self, libloading::Error> {
        // SAFETY: libchdb.so's initialisers have no precondition; they are what
        // every program that links it runs at its start.
        let library = Box::leak(Box::new(unsafe { libloading::Library::new(path) }?));
        macro_rules! symbol {
            ($name:literal) => {
                // SAFETY: the type at the call's place is the one that chdb.h of
                // 26.7.3 declares for this name, and the library is never unloaded.
                *unsafe { library.get($name) }?
            };
        }
        let set_signal_handlers: unsafe extern "C" fn(c_int) =
            symbol!(b"chdb_set_signal_handlers_enabled");
        // SAFETY: called before the first connection, as chdb.h asks, so that
        // SIGTERM and SIGINT stay with this process.
        unsafe { set_signal_handlers(0) };
        Ok(Box::leak(Box::new(Self {
            connect: symbol!(b"chdb_connect"),
            close: symbol!(b"chdb_close_conn"),
            query: symbol!(b"chdb_query_with_params_n"),
            insert: symbol!(b"chdb_stream_insert_with_params_n"),
            append: symbol!(b"chdb_stream_append"),
            done: symbol!(b"chdb_stream_done"),
            cancel_insert: symbol!(b"chdb_stream_cancel_insert"),
            insert_error: symbol!(b"chdb_stream_insert_error"),
            destroy_insert: symbol!(b"chdb_destroy_insert_stream"),
            error: symbol!(b"chdb_result_error"),
            buffer: symbol!(b"chdb_result_buffer"),
            length: symbol!(b"chdb_result_length"),
            counts: [
                symbol!(b"chdb_result_rows_read"),
                symbol!(b"chdb_result_bytes_read"),
                symbol!(b"chdb_result_storage_rows_read"),
                symbol!(b"chdb_result_storage_bytes_read"),
                symbol!(b"chdb_result_rows_written"),
                symbol!(b"chdb_result_bytes_written"),
            ],
            destroy_result: symbol!(b"chdb_destroy_query_result"),
            shutdown: symbol!(b"chdb_shutdown"),
        })))
    }

    /// Opens a connection; `None` when the engine refuses the arguments (it
    /// says why only in its own log).
    pub(super) fn connect(&'static self, args: &[CString]) -> Option<Connection> {
        let mut argv: Vec<*mut c_char> = args.iter().map(|arg| arg.as_ptr().cast_mut()).collect();
        let argc = c_int::try_from(argv.len()).ok()?;
        // SAFETY: argv points to argc NUL-terminated strings that outlive the
        // call; chDB copies what it keeps and writes to none of them.
        let handle = unsafe { (self.connect)(argc, argv.as_mut_ptr()) };
        NonNull::new(handle).map(|handle| Connection { api: self, handle })
    }

    /// Stops the engine; true once no thread of it is left. Every connection
    /// must be closed before.
    pub(super) fn shutdown(&'static self) -> bool {
        // SAFETY: no precondition; with open connections it only returns an error.
        unsafe { (self.shutdown)() == 0 }
    }
}

/// Leaves the process at once, without running the destructors that the library
/// has registered: with engine threads still alive they would crash it.
pub(crate) fn leave(code: i32) -> ! {
    unsafe extern "C" {
        fn _exit(code: c_int) -> !;
    }
    // SAFETY: `_exit` of the C library has no precondition and does not return.
    unsafe { _exit(code) }
}

/// One connection: one session of the engine, with settings of its own.
pub(crate) struct Connection {
    api: &'static Api,
    handle: NonNull<RawConn>,
}

// SAFETY: chdb.h allows a connection to be used from any thread as long as its
// statements are serialised, which `&mut self` and ownership ensure.
unsafe impl Send for Connection {}

impl Connection {
    fn raw(&self) -> RawConn {
        // SAFETY: the handle came from chdb_connect and is closed only in Drop.
        unsafe { *self.handle.as_ptr() }
    }

    /// Runs one statement to its end with `{name:Type}` parameters bound, and
    /// returns its output; the error is the engine's text.
    pub(crate) fn query(
        &mut self,
        sql: &[u8],
        format: &str,
        params: &[(String, String)],
    ) -> Result<Output, String> {
        let bound = Bound::new(params);
        // SAFETY: every pointer is paired with the length of the slice it comes
        // from, and all of them outlive the call, which copies what it keeps.
        let result = unsafe {
            (self.api.query)(
                self.raw(),
                sql.as_ptr().cast(),
                sql.len(),
                format.as_ptr().cast(),
                format.len(),
                bound.names.as_ptr(),
                bound.name_lens.as_ptr(),
                bound.values.as_ptr(),
                bound.value_lens.as_ptr(),
                params.len(),
            )
        };
        Output::take(self.api, result)
    }

    /// Begins an INSERT whose data follows by `Insert::append`. `sql` ends
    /// before the FORMAT clause. The error is the engine's text.
    pub(crate) fn insert<'c>(
        &'c mut self,
        sql: &[u8],
        format: &str,
        params: &[(String, String)],
    ) -> Result<Insert<'c>, String> {
        let bound = Bound::new(params);
        // SAFETY: as in `query`.
        let stream = unsafe {
            (self.api.insert)(
                self.raw(),
                sql.as_ptr().cast(),
                sql.len(),
                format.as_ptr().cast(),
                format.len(),
                bound.names.as_ptr(),
                bound.name_lens.as_ptr(),
                bound.values.as_ptr(),
                bound.value_lens.as_ptr(),
                params.len(),
            )
        };
        let stream = NonNull::new(stream)
            .ok_or_else(|| "the engine returned no insert stream".to_owned())?;
        let insert = Insert { connection: self, stream };
        match insert.error() {
            Some(text) => Err(text),
            None => Ok(insert),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: the handle came from chdb_connect and is closed here only; no
        // result or stream can outlive it (they borrow it or are copied out).
        unsafe { (self.api.close)(self.handle.as_ptr()) };
    }
}

/// An INSERT under way. Dropping it without `done` cancels it.
pub(crate) struct Insert<'c> {
    connection: &'c mut Connection,
    stream: NonNull<c_void>,
}

impl Insert<'_> {
    /// Hands over bytes in the INSERT's format; blocks while the engine's queue
    /// is full. False once the INSERT has failed (`done` tells why).
    pub(crate) fn append(&mut self, data: &[u8]) -> bool {
        // SAFETY: pointer and length are one slice's; chDB copies it.
        unsafe {
            (self.connection.api.append)(self.stream.as_ptr(), data.as_ptr().cast(), data.len())
                == 0
        }
    }

    /// Ends the data and waits for the commit.
    pub(crate) fn done(self) -> Result<Output, String> {
        // SAFETY: the stream is live; after this call chDB treats a cancel as a
        // no-op, and Drop still frees the handle.
        let result = unsafe { (self.connection.api.done)(self.stream.as_ptr()) };
        Output::take(self.connection.api, result)
    }

    fn error(&self) -> Option<String> {
        // SAFETY: the stream is live; the text lives until it is destroyed.
        text(unsafe { (self.connection.api.insert_error)(self.stream.as_ptr()) })
    }
}

impl Drop for Insert<'_> {
    fn drop(&mut self) {
        // SAFETY: the stream is live and freed here only; cancelling one that
        // has ended does nothing.
        unsafe {
            (self.connection.api.cancel_insert)(self.stream.as_ptr());
            (self.connection.api.destroy_insert)(self.stream.as_ptr());
        }
    }
}

/// What a statement gave: its bytes, copied out, and its numbers.
#[derive(Debug, Default)]
pub(crate) struct Output {
    pub(crate) bytes: Vec<u8>,
    pub(crate) counts: Counts,
}

impl Output {
    fn take(api: &'static Api, result: RawResult) -> Result<Self, String> {
        if result.is_null() {
            return Err("the engine returned no result".to_owned());
        }
        // SAFETY: the result is live until destroyed at the end of this block;
        // its buffer is `length` bytes, and is copied before that.
        unsafe {
            let error = text((api.error)(result));
            let length = (api.length)(result);
            let buffer = (api.buffer)(result);
            let bytes = if length == 0 || buffer.is_null() {
                Vec::new()
            } else {
                std::slice::from_raw_parts(buffer.cast::<u8>(), length).to_vec()
            };
            let [result_rows, result_bytes, read_rows, read_bytes, written_rows, written_bytes] =
                api.counts.map(|count| count(result));
            (api.destroy_result)(result);
            match error {
                Some(error) => Err(error),
                None => Ok(Self {
                    bytes,
                    counts: Counts {
                        result_rows,
                        result_bytes,
                        read_rows,
                        read_bytes,
                        written_rows,
                        written_bytes,
                    },
                }),
            }
        }
    }
}

/// Parameters as the parallel arrays that the C interface takes.
struct Bound {
    names: Vec<*const c_char>,
    name_lens: Vec<usize>,
    values: Vec<*const c_char>,
    value_lens: Vec<usize>,
}

impl Bound {
    fn new(params: &[(String, String)]) -> Self {
        Self {
            names: params.iter().map(|(name, _)| name.as_ptr().cast()).collect(),
            name_lens: params.iter().map(|(name, _)| name.len()).collect(),
            values: params.iter().map(|(_, value)| value.as_ptr().cast()).collect(),
            value_lens: params.iter().map(|(_, value)| value.len()).collect(),
        }
    }
}

/// Copies a C string; a null or empty one is `None`.
fn text(pointer: *const c_char) -> Option<String> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: chDB's error texts are NUL-terminated and live as long as their handle.
    let text = unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned();
    (!text.is_empty()).then_some(text)
}
