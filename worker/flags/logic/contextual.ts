// flagd's own operators work on the evaluation context alone: inside an iterator,
// where the data are an element, the reference throws, and so do these.
import {
  isArray,
  isObject,
  LogicError,
  type Compile,
  type Json,
  type Method,
  type Node,
  type Operator,
  type Scope,
} from "./expression.ts";

/** Marks a context that was completed with `$flagd`. */
export const contextMark: unique symbol = Symbol("evaluation context");

/** An operator that needs the evaluation context as its data, and is never a constant. */
export function contextualOperator(method: Method): Operator {
  const restricted: Method = (operands, data, above) => {
    if (!isObject(data) || !(contextMark in data)) throw new LogicError("Not in a context");
    return method(operands, data, above);
  };
  const direct = (operand: Json, scope: Scope, compile: Compile): Node | undefined => {
    if (!scope.root) return undefined;
    const { run } = compile(operand, scope);
    const listed = isArray(operand);
    return {
      run: (data, above) => {
        const value = run(data, above);
        return method(listed || Array.isArray(value) ? value : [value], data, above);
      },
    };
  };
  return {
    constant: false,
    method: restricted,
    build: (operand, scope) => direct(operand, scope, scope.build),
    interpret: (operand, scope) => direct(operand, scope, scope.interpret),
  };
}
