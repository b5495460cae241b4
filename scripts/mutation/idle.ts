/** The parts of a file in which a change computes nothing else: comments, types, imports, and what is only said to a reader. */

import ts from '@typescript/typescript6';

/** [from, to) in characters. */
export type Span = readonly [from: number, to: number];

/** Of functions whose arguments end in a message. */
const speaking =
  /^(?:fail\w*|refuse\w*|error|warning|broken|trace|explain\w*|show\w*|nothing|quoted|plural|doc|Bug|Refusal|\w*Error)$/;

/** Of entries that hold a message. */
const said: ReadonlySet<string> = new Set([
  ...['doc', 'found', 'expected', 'hint', 'message', 'note', 'label', 'what', 'example', 'why'],
]);

const nameOf = (node: ts.Expression): string => {
  if (ts.isIdentifier(node)) return node.text;
  return ts.isPropertyAccessExpression(node) ? node.name.text : '';
};

/** Text with a blank in it is for people; in TorchScript it is code. */
const isProse = (node: ts.Node, source: ts.SourceFile): boolean =>
  (ts.isStringLiteral(node) || ts.isTemplateLiteral(node)) && /\s/.test(node.getText(source));

function isIdle(node: ts.Node, source: ts.SourceFile, textIsCode: boolean): boolean {
  if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return true;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isThrowStatement(node)) return true;
  if (ts.isCallExpression(node) || ts.isNewExpression(node)) return speaking.test(nameOf(node.expression));
  if (ts.isPropertyAssignment(node)) return ts.isIdentifier(node.name) && said.has(node.name.text);
  return !textIsCode && isProse(node, source);
}

export function idleSpans(file: string, text: string): readonly Span[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const textIsCode = file.includes('torchscript');
  const spans: Span[] = [];
  const visit = (node: ts.Node): void => {
    const start = node.getStart(source);
    if (/\S/.test(text.slice(node.pos, start))) spans.push([node.pos, start]); // a comment
    if (isIdle(node, source, textIsCode)) spans.push([start, node.end]);
    else for (const child of node.getChildren(source)) if (child.kind !== ts.SyntaxKind.JSDoc) visit(child);
  };
  visit(source);
  return spans;
}
