//! How long files and functions may be.

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Block, Signature};

use super::house::Files;

const LONGEST_FILE: usize = 600;

const LONGEST_FUNCTION: usize = 70;

/// Files with more lines than a reader has patience for.
pub(crate) fn long_files(files: &Files) -> Vec<String> {
    let lengths = files.iter().map(|(file, text)| (file, text.lines().count()));
    let long = lengths.filter(|(_, lines)| *lines > LONGEST_FILE);
    long.map(|(file, lines)| format!("{}: {lines} lines, more than {LONGEST_FILE}", file.display())).collect()
}

/// Functions that do not fit on a screen.
pub(crate) fn long_functions(files: &Files) -> Vec<String> {
    let mut complaints = Vec::new();
    for (file, text) in files.iter().filter(|(file, _)| file.extension().is_some_and(|end| end == "rs")) {
        let mut functions = Functions::default();
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        functions.visit_file(&parsed);
        for (name, first, lines) in functions.found.into_iter().filter(|(_, _, lines)| *lines > LONGEST_FUNCTION) {
            complaints
                .push(format!("{}:{first}: `{name}` has {lines} lines, more than {LONGEST_FUNCTION}", file.display()));
        }
    }
    complaints
}

#[derive(Default)]
struct Functions {
    /// Name, first line, number of lines from the signature to the closing brace.
    found: Vec<(String, usize, usize)>,
}

impl Functions {
    fn found(&mut self, signature: &Signature, body: &Block) {
        let first = signature.span().start().line;
        let lines = body.brace_token.span.close().end().line - first + 1;
        self.found.push((signature.ident.to_string(), first, lines));
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.found(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.found(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(body) = &function.default {
            self.found(&function.sig, body);
        }
        visit::visit_trait_item_fn(self, function);
    }
}
