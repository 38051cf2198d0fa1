//! Reads one module's code and notes every path in it.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, LitStr, Meta, Token, TraitItem, UseTree, Visibility};

use super::house::{EVERYTHING, Import, Mention, Module, Names, OUTSIDE, Written};

/// Notes what `item`, which is no module, defines and mentions.
pub(crate) fn read(module: &mut Module, item: &Item) {
    if let Some((name, goes_on)) = definition(item) {
        module.items.insert(plain(name), goes_on);
    }
    Reader { module }.visit_item(item);
}

/// The name that an item defines, and whether a path can go on behind it.
fn definition(item: &Item) -> Option<(&Ident, bool)> {
    match item {
        Item::Enum(item) => Some((&item.ident, true)),
        Item::Struct(item) => Some((&item.ident, true)),
        Item::Trait(item) => Some((&item.ident, true)),
        Item::TraitAlias(item) => Some((&item.ident, true)),
        Item::Type(item) => Some((&item.ident, true)),
        Item::Union(item) => Some((&item.ident, true)),
        Item::Const(item) => Some((&item.ident, false)),
        Item::Fn(item) => Some((&item.sig.ident, false)),
        Item::Static(item) => Some((&item.ident, false)),
        Item::Macro(item) => item.ident.as_ref().map(|name| (name, false)),
        _ => None,
    }
}

/// The attributes of an item.
pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(syn::ItemConst { attrs, .. })
        | Item::Enum(syn::ItemEnum { attrs, .. })
        | Item::ExternCrate(syn::ItemExternCrate { attrs, .. })
        | Item::Fn(syn::ItemFn { attrs, .. })
        | Item::ForeignMod(syn::ItemForeignMod { attrs, .. })
        | Item::Impl(syn::ItemImpl { attrs, .. })
        | Item::Macro(syn::ItemMacro { attrs, .. })
        | Item::Mod(syn::ItemMod { attrs, .. })
        | Item::Static(syn::ItemStatic { attrs, .. })
        | Item::Struct(syn::ItemStruct { attrs, .. })
        | Item::Trait(syn::ItemTrait { attrs, .. })
        | Item::TraitAlias(syn::ItemTraitAlias { attrs, .. })
        | Item::Type(syn::ItemType { attrs, .. })
        | Item::Union(syn::ItemUnion { attrs, .. })
        | Item::Use(syn::ItemUse { attrs, .. }) => attrs,
        _ => &[],
    }
}

/// Whether what carries these attributes exists in a build of the tests only.
pub(crate) fn for_tests_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("cfg") => {
            list.parse_args().is_ok_and(|condition| asks_for_test(&condition))
        }
        _ => false,
    })
}

/// Whether a condition of `cfg` cannot hold without `test`.
fn asks_for_test(condition: &Meta) -> bool {
    let parts = |list: &syn::MetaList| {
        list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).unwrap_or_default()
    };
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => parts(list).iter().any(asks_for_test),
        Meta::List(list) if list.path.is_ident("any") => parts(list).iter().all(asks_for_test),
        _ => false,
    }
}

/// A name as others write it, whether or not it is raw here.
fn plain(name: &Ident) -> String {
    name.unraw().to_string()
}

fn line(name: &Ident) -> usize {
    name.span().start().line
}

struct Reader<'m> {
    module: &'m mut Module,
}

impl Reader<'_> {
    fn mention(&mut self, path: Names, line: usize, written: Written) {
        self.module.mentions.push(Mention { path, line, written });
    }

    /// Takes a tree of `use` apart, `a::{b, c::d as e}`.
    fn branches(&mut self, stem: &[String], tree: &UseTree, written: Written) {
        let below = |name: &Ident| [stem, &[plain(name)]].concat();
        match tree {
            UseTree::Path(path) => self.branches(&below(&path.ident), &path.tree, written),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.branches(stem, tree, written)),
            UseTree::Name(name) => self.import(below(&name.ident), &name.ident, &name.ident, written),
            UseTree::Rename(rename) => self.import(below(&rename.ident), &rename.rename, &rename.ident, written),
            UseTree::Glob(glob) => {
                let line = glob.star_token.spans[0].start().line;
                self.mention([stem, &[EVERYTHING.to_owned()]].concat(), line, written);
                self.module.imports.push(Import { name: EVERYTHING.to_owned(), path: stem.to_vec() });
            }
        }
    }

    /// Notes one leaf of a `use` declaration. `a::{self}` is another form of `a`.
    fn import(&mut self, mut path: Names, name: &Ident, at: &Ident, written: Written) {
        let mut name = plain(name);
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
            if name == "self" {
                name.clone_from(&path[path.len() - 1]);
            }
        }
        self.mention(path.clone(), line(at), written);
        self.module.imports.push(Import { name, path });
    }

    /// Finds the paths in what a macro or an attribute is given, which is no code before it is expanded. Braces may
    /// continue a path as in `use`.
    fn tokens(&mut self, stem: &[String], tokens: TokenStream) {
        let mut path = Names::new();
        let mut begun = 0;
        let mut colons = 0;
        for token in tokens {
            match &token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Ident(name) => {
                    self.visit_ident(name);
                    if colons != 2 || path.is_empty() {
                        self.finish(&mut path, begun);
                        begun = line(name);
                        path.extend_from_slice(stem);
                        path.extend((colons == 2).then(|| OUTSIDE.to_owned()));
                    }
                    path.push(plain(name));
                }
                TokenTree::Group(group) if colons == 2 && group.delimiter() == Delimiter::Brace => {
                    self.tokens(&std::mem::take(&mut path), group.stream());
                }
                TokenTree::Group(group) => {
                    self.finish(&mut path, begun);
                    self.tokens(&[], group.stream());
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => self.finish(&mut path, begun),
            }
            colons = 0;
        }
        self.finish(&mut path, begun);
    }

    fn finish(&mut self, path: &mut Names, line: usize) {
        if !path.is_empty() {
            self.mention(std::mem::take(path), line, Written::InCode);
        }
    }
}

/// Leaves out what only tests compile, wherever an attribute can say so.
macro_rules! but_for_tests {
    ($($visit:ident($kind:ty);)+) => {
        $(fn $visit(&mut self, node: &'ast $kind) {
            if !for_tests_only(&node.attrs) {
                visit::$visit(self, node);
            }
        })+
    };
}

impl<'ast> Visit<'ast> for Reader<'_> {
    but_for_tests! {
        visit_arm(syn::Arm);
        visit_expr_block(syn::ExprBlock);
        visit_field(syn::Field);
        visit_field_value(syn::FieldValue);
        visit_local(syn::Local);
        visit_stmt_macro(syn::StmtMacro);
        visit_variant(syn::Variant);
    }

    fn visit_item(&mut self, item: &'ast Item) {
        if !for_tests_only(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes = match item {
            ImplItem::Const(item) => &item.attrs,
            ImplItem::Fn(item) => &item.attrs,
            ImplItem::Type(item) => &item.attrs,
            ImplItem::Macro(item) => &item.attrs,
            _ => &Vec::new(),
        };
        if !for_tests_only(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        let attributes = match item {
            TraitItem::Const(item) => &item.attrs,
            TraitItem::Fn(item) => &item.attrs,
            TraitItem::Type(item) => &item.attrs,
            TraitItem::Macro(item) => &item.attrs,
            _ => &Vec::new(),
        };
        if !for_tests_only(attributes) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let written = if matches!(item.vis, Visibility::Inherited) { Written::Import } else { Written::ReExport };
        let stem = item.leading_colon.is_some().then(|| OUTSIDE.to_owned());
        self.branches(stem.as_slice(), &item.tree, written);
        visit::visit_item_use(self, item);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        let name = item.rename.as_ref().map_or(&item.ident, |(_, name)| name);
        self.import(vec![OUTSIDE.to_owned(), plain(&item.ident)], name, &item.ident, Written::Import);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let begin = path.leading_colon.is_some().then(|| OUTSIDE.to_owned());
        let names = begin.into_iter().chain(path.segments.iter().map(|part| plain(&part.ident))).collect();
        let line = path.segments.first().map_or(0, |part| line(&part.ident));
        self.mention(names, line, Written::InCode);
        visit::visit_path(self, path);
    }

    /// Who may see an item is no use of that room.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_macro(&mut self, invocation: &'ast syn::Macro) {
        visit::visit_macro(self, invocation);
        self.tokens(&[], invocation.tokens.clone());
    }

    fn visit_meta_list(&mut self, list: &'ast syn::MetaList) {
        visit::visit_meta_list(self, list);
        self.tokens(&[], list.tokens.clone());
        // It is given paths as text: `with = "crate::moment"`.
        if list.path.is_ident("serde") {
            let texts = list.tokens.clone().into_iter().filter_map(|token| syn::parse2::<LitStr>(token.into()).ok());
            for path in texts.filter_map(|text| text.parse::<syn::Path>().ok()) {
                self.visit_path(&path);
            }
        }
    }

    fn visit_ident(&mut self, name: &'ast Ident) {
        self.module.words.push((plain(name), line(name)));
    }
}
