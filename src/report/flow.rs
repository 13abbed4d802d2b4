//! The network of a rule set: where money comes in, which pools it waits in, who gets it.
//!
//! A [`Network`] is plain data; here it becomes text and Mermaid, in `sankey` a picture.

use std::fmt::Write;

/// A network of money, without circles.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Network {
    /// Sources, pools and accounts, in the order of declaration.
    pub nodes: Vec<Node>,
    /// Ways between them, in the order of the rules.
    pub links: Vec<Link>,
    /// What weights count, written under the picture; empty where all ways weigh alike.
    pub unit: String,
}

/// A place where money is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What people call it.
    pub label: String,
    /// What it is.
    pub kind: NodeKind,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// An event's inflow, or a levy.
    Source,
    /// A pool, or a stage: what waits to be divided.
    Pool,
    /// An account or family.
    Account,
    /// Nobody yet.
    Undetermined,
}

/// A way from one node to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Position of the node it leaves.
    pub from: usize,
    /// Position of the node it reaches.
    pub to: usize,
    /// The rules it belongs to, with their clauses.
    pub label: String,
    /// How much flows, for the width of the picture; never negative.
    pub weight: u128,
    /// How much flows, as people read it; empty where nothing was run.
    pub amount: String,
}

/// The network as an indented text, a source after the other.
pub fn text(network: &Network) -> String {
    let mut out = String::new();
    for (position, node) in network.nodes.iter().enumerate() {
        let leaving: Vec<&Link> =
            network.links.iter().filter(|link| link.from == position).collect();
        if leaving.is_empty() {
            continue;
        }
        let _ = writeln!(out, "{}", node.label);
        for (place, link) in leaving.iter().enumerate() {
            let Some(target) = network.nodes.get(link.to) else { continue };
            let branch = if place + 1 == leaving.len() { "└─" } else { "├─" };
            let arrow = match target.kind {
                NodeKind::Pool => "⇒",
                NodeKind::Source | NodeKind::Account | NodeKind::Undetermined => "→",
            };
            let amount =
                if link.amount.is_empty() { String::new() } else { format!("  {}", link.amount) };
            let label =
                if link.label.is_empty() { String::new() } else { format!("  [{}]", link.label) };
            let _ = writeln!(out, "{branch} {arrow} {}{amount}{label}", target.label);
        }
    }
    out
}

/// The network as a Mermaid flow chart.
pub fn mermaid(network: &Network) -> String {
    let mut out = String::from("flowchart LR\n");
    for (position, node) in network.nodes.iter().enumerate() {
        let label = escape(&node.label);
        let _ = match node.kind {
            NodeKind::Source => writeln!(out, "  n{position}([\"{label}\"])"),
            NodeKind::Pool => writeln!(out, "  n{position}[\"{label}\"]"),
            NodeKind::Account => writeln!(out, "  n{position}[(\"{label}\")]"),
            NodeKind::Undetermined => writeln!(out, "  n{position}{{\"{label}\"}}"),
        };
    }
    for link in &network.links {
        let mut words = link.label.clone();
        if !link.amount.is_empty() {
            words = format!("{words} {}", link.amount);
        }
        let words = escape(words.trim());
        let _ = match words.is_empty() {
            true => writeln!(out, "  n{} --> n{}", link.from, link.to),
            false => writeln!(out, "  n{} -- \"{words}\" --> n{}", link.from, link.to),
        };
    }
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}
