/** A list that grows at its end, and shows it. */
import { Children, type ReactNode, useEffect, useRef } from "react";

export function LogList({ children, ...attributes }: {
  readonly children: ReactNode;
  readonly "aria-live"?: "polite";
}) {
  const list = useRef<HTMLOListElement>(null);
  const length = Children.count(children);
  useEffect(() => {
    list.current?.scrollTo(0, list.current.scrollHeight);
  }, [length]);
  return <ol ref={list} {...attributes}>{children}</ol>;
}
