//! A Sankey diagram as one self-contained SVG: columns by distance from the sources, bars as tall as
//! what flows through them, bands as wide as what flows along them.
//!
//! All coordinates are whole hundredths of a pixel, worked out in integers, so that the same network
//! gives the same bytes on any machine.

use std::fmt::Write;

use super::flow::{Network, NodeKind};

/// Hundredths of a pixel.
type Unit = i64;

const SCALE: Unit = 100;
const WIDTH: Unit = 1_000 * SCALE;
const MARGIN: Unit = 24 * SCALE;
const BAR: Unit = 14 * SCALE;
const GAP: Unit = 18 * SCALE;
const LABEL: Unit = 190 * SCALE;
/// The tallest column's bars together.
const BODY: Unit = 420 * SCALE;
/// The thinnest band and bar that can still be seen.
const THIN: Unit = SCALE;

/// Where a node stands.
#[derive(Debug, Clone, Copy, Default)]
struct Bar {
    column: usize,
    x: Unit,
    y: Unit,
    height: Unit,
    /// How much of the right side is taken by bands that leave.
    left_at: Unit,
    /// How much of the left side is taken by bands that arrive.
    arrived_at: Unit,
}

/// Draws the network. A circle cannot be drawn: its nodes stand in the last column reached.
pub fn sankey(network: &Network, title: &str) -> String {
    let columns = columns(network);
    let tallest = tallest(network, &columns);
    let mut bars = bars(network, &columns, tallest);
    let body = bars.iter().map(|bar| bar.y + bar.height).max().unwrap_or(0);
    let height = body + MARGIN * 2;
    let mut out = String::new();
    head(&mut out, title, height);
    bands(network, &mut bars, tallest, &mut out);
    let last = columns.iter().copied().max().unwrap_or(0);
    for (node, bar) in network.nodes.iter().zip(&bars) {
        let class = match node.kind {
            NodeKind::Source => "source",
            NodeKind::Pool => "pool",
            NodeKind::Account => "account",
            NodeKind::Undetermined => "undetermined",
        };
        let _ = writeln!(
            out,
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"2\"/>",
            number(bar.x),
            number(bar.y),
            number(BAR),
            number(bar.height)
        );
        let (x, anchor) = match bar.column == last && last > 0 {
            true => (bar.x - 8 * SCALE, "end"),
            false => (bar.x + BAR + 8 * SCALE, "start"),
        };
        let y = bar.y + bar.height / 2 + 4 * SCALE;
        let label = escape(&node.label);
        let (x, y) = (number(x), number(y));
        let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{label}</text>");
    }
    if !network.unit.is_empty() {
        let (x, y) = (number(MARGIN), number(height - MARGIN / 2));
        let unit = escape(&network.unit);
        let _ = writeln!(out, "<text class=\"unit\" x=\"{x}\" y=\"{y}\">{unit}</text>");
    }
    out.push_str("</svg>\n");
    out
}

fn head(out: &mut String, title: &str, height: Unit) {
    let (width, height, title) = (number(WIDTH), number(height), escape(title));
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\">\n<title>{title}</title>\n"
    );
    out.push_str(
        "<style>\n\
         svg { background: #ffffff; }\n\
         text { font: 13px \"Noto Sans CJK SC\", \"Microsoft YaHei\", \"PingFang SC\", sans-serif; \
         fill: #1f2933; paint-order: stroke; stroke: #ffffff; stroke-width: 3px; }\n\
         .unit { font-size: 11px; fill: #616e7c; }\n\
         .source { fill: #2f5d8a; } .pool { fill: #8a8f98; } .account { fill: #3c7a57; } \
         .undetermined { fill: #b7791f; }\n\
         .band { fill: #7aa3c7; fill-opacity: 0.45; } .band:hover { fill-opacity: 0.8; }\n\
         </style>\n",
    );
}

/// The column of each node: one after the furthest of those that reach it.
fn columns(network: &Network) -> Vec<usize> {
    let mut columns = vec![0_usize; network.nodes.len()];
    // As many rounds as nodes: enough for the longest way, and an end for circles.
    for _ in 0..network.nodes.len() {
        for link in &network.links {
            let after = columns.get(link.from).map_or(0, |column| column + 1);
            if let Some(column) = columns.get_mut(link.to)
                && *column < after
                && after < network.nodes.len()
            {
                *column = after;
            }
        }
    }
    let last = columns.iter().copied().max().unwrap_or(0);
    // Accounts stand together at the right, but for those that give again.
    for (place, (column, node)) in columns.iter_mut().zip(&network.nodes).enumerate() {
        let gives = network.links.iter().any(|link| link.from == place);
        if matches!(node.kind, NodeKind::Account | NodeKind::Undetermined) && !gives {
            *column = last;
        }
    }
    columns
}

/// What flows through a node: the more of what arrives and what leaves.
fn through(network: &Network, node: usize) -> u128 {
    let sum = |links: &mut dyn Iterator<Item = u128>| links.fold(0, u128::saturating_add);
    let leaving = sum(&mut network.links.iter().filter(|l| l.from == node).map(|l| l.weight));
    let arriving = sum(&mut network.links.iter().filter(|l| l.to == node).map(|l| l.weight));
    leaving.max(arriving)
}

fn tallest(network: &Network, columns: &[usize]) -> u128 {
    let last = columns.iter().copied().max().unwrap_or(0);
    (0..=last)
        .map(|column| {
            columns
                .iter()
                .enumerate()
                .filter(|(_, of)| **of == column)
                .fold(0_u128, |sum, (node, _)| sum.saturating_add(through(network, node)))
        })
        .max()
        .unwrap_or(0)
        .max(1)
}

/// A weight as a height: in proportion to the tallest column, and never too thin to be seen.
fn height_of(weight: u128, tallest: u128) -> Unit {
    // Weights of more than 90 bits lose their last digits before they are multiplied: far below
    // what a picture shows.
    let shift = (128 - tallest.leading_zeros()).saturating_sub(90);
    let body = u128::try_from(BODY).unwrap_or(1);
    let scaled = (weight >> shift) * body / (tallest >> shift).max(1);
    Unit::try_from(scaled).unwrap_or(BODY).max(if weight == 0 { 0 } else { THIN })
}

fn bars(network: &Network, columns: &[usize], tallest: u128) -> Vec<Bar> {
    let last = columns.iter().copied().max().unwrap_or(0);
    let steps = Unit::try_from(last.max(1)).unwrap_or(1);
    let span = WIDTH - MARGIN * 2 - BAR - LABEL / 4;
    let mut bars = vec![Bar::default(); network.nodes.len()];
    let mut lowest = vec![MARGIN; last + 1];
    for (node, bar) in bars.iter_mut().enumerate() {
        let column = columns.get(node).copied().unwrap_or(0);
        let place = Unit::try_from(column).unwrap_or(0);
        bar.column = column;
        bar.x = MARGIN + LABEL / 8 + span * place / steps;
        bar.height = height_of(through(network, node), tallest).max(THIN * 4);
        if let Some(y) = lowest.get_mut(column) {
            bar.y = *y;
            *y += bar.height + GAP;
        }
    }
    centre(&mut bars, &lowest);
    bars
}

/// Shorter columns stand in the middle of the tallest.
fn centre(bars: &mut [Bar], lowest: &[Unit]) {
    let deepest = lowest.iter().copied().max().unwrap_or(0);
    for bar in bars {
        if let Some(own) = lowest.get(bar.column) {
            bar.y += (deepest - own) / 2;
        }
    }
}

fn bands(network: &Network, bars: &mut [Bar], tallest: u128, out: &mut String) {
    for link in &network.links {
        let width = height_of(link.weight, tallest);
        let Some(from) = bars.get_mut(link.from) else { continue };
        let (x0, y0) = (from.x + BAR, from.y + from.left_at);
        from.left_at += width;
        let Some(to) = bars.get_mut(link.to) else { continue };
        let (x1, y1) = (to.x, to.y + to.arrived_at);
        to.arrived_at += width;
        let middle = (x0 + x1) / 2;
        let names = [link.from, link.to]
            .map(|node| network.nodes.get(node).map_or("", |node| node.label.as_str()));
        let mut words = format!("{} → {}", names[0], names[1]);
        for part in [&link.amount, &link.label] {
            if !part.is_empty() {
                let _ = write!(words, "\n{part}");
            }
        }
        let [x0, x1, middle] = [x0, x1, middle].map(number);
        let [top0, top1] = [y0, y1].map(number);
        let [low0, low1] = [y0 + width, y1 + width].map(number);
        let _ = writeln!(
            out,
            "<path class=\"band\" d=\"M{x0} {top0}C{middle} {top0} {middle} {top1} {x1} {top1}\
             V{low1}C{middle} {low1} {middle} {low0} {x0} {low0}Z\"><title>{}</title></path>",
            escape(&words)
        );
    }
}

/// Hundredths as a decimal, without trailing zeros.
fn number(value: Unit) -> String {
    let (whole, rest) = (value / SCALE, (value % SCALE).abs());
    let sign = if value < 0 && whole == 0 { "-" } else { "" };
    match rest {
        0 => format!("{sign}{whole}"),
        _ if rest % 10 == 0 => format!("{sign}{whole}.{}", rest / 10),
        _ => format!("{sign}{whole}.{rest:02}"),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
