use fenshui::{base::{FileId,LineIndex}, syntax::parse};
fn main(){
  let args: Vec<String> = std::env::args().skip(1).collect();
  for a in &args { if a=="-v" {continue}
  let t=std::fs::read_to_string(a).unwrap();
  let (f,d)=parse(FileId(0),&t,a.ends_with(".md"));
  let li=LineIndex::new(&t);
  println!("{a}: {} items, {} diagnostics", f.items.len(), d.len());
  if args.contains(&"-v".into()) { println!("{f:#?}"); }
  for x in d { println!("{}: {} {} [{}]\n    {}", li.line_column(x.span.start), x.code.0, x.message.en, t.get(x.span.range()).unwrap_or("?").escape_debug(), x.message.zh);
    for n in &x.notes { println!("   note {} {}", li.line_column(n.span.start), n.words.en);} 
    if let Some(h)=x.help { println!("   help {} / {}", h.en, h.zh);} if let Some(f)=x.fix{println!("   fix {:?}->{:?}", t.get(f.span.range()), f.replacement);} }
 }}
