//! Parses the command line, runs the command, prints the error chain.

fn main() {}
