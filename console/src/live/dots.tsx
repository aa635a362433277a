import { useEffect, useRef } from "react";
import type { Passage } from "../traffic.ts";
import { keyOf, type Picture, type Point } from "./layout.ts";

const TRAVEL_MS = 900;
const DOTS_MAX = 600;

interface Dot {
  readonly points: readonly Point[];
  readonly isError: boolean;
  readonly startMs: number;
}

interface View {
  x: number;
  y: number;
  scale: number;
}

/** Traffic moving along the edges: one canvas over the picture, drawn only while something moves. */
export function Dots({
  picture,
  view,
  subscribe,
}: {
  picture: Picture;
  view: View;
  subscribe: (listener: (passage: Passage) => void) => () => void;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latestView = useRef(view);
  latestView.current = view;
  useEffect(() => {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const element = canvas.current!;
    const context = element.getContext("2d")!;
    const paths = new Map(picture.edges.map(({ key, points }) => [key, points]));
    let dots: Dot[] = [];
    let frame = 0;
    const draw = (nowMs: number) => {
      const ratio = devicePixelRatio;
      const { clientWidth, clientHeight } = element;
      if (element.width !== clientWidth * ratio || element.height !== clientHeight * ratio) {
        element.width = clientWidth * ratio;
        element.height = clientHeight * ratio;
      }
      const style = getComputedStyle(element);
      const colors = [style.getPropertyValue("--accent"), style.getPropertyValue("--bad")];
      const { x, y, scale } = latestView.current;
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, element.width, element.height);
      context.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * x, ratio * y);
      dots = dots.filter(({ startMs }) => nowMs - startMs < TRAVEL_MS);
      for (const { points, isError, startMs } of dots) {
        const place = Math.max(0, (nowMs - startMs) / TRAVEL_MS) * (points.length - 1);
        const a = points[Math.floor(place)]!;
        const b = points[Math.min(points.length - 1, Math.ceil(place))]!;
        const part = place % 1;
        context.fillStyle = colors[isError ? 1 : 0]!;
        context.beginPath();
        context.arc(a.x + (b.x - a.x) * part, a.y + (b.y - a.y) * part, isError ? 6 : 5, 0, Math.PI * 2);
        context.fill();
      }
      frame = dots.length > 0 ? requestAnimationFrame(draw) : 0;
    };
    const stop = subscribe(({ span, from, to }) => {
      const points = paths.get(keyOf({ from: from ?? "caller", to }));
      if (!points || dots.length >= DOTS_MAX || document.hidden) return;
      dots.push({ points, isError: span.error !== undefined, startMs: performance.now() });
      frame ||= requestAnimationFrame(draw);
    });
    return () => {
      stop();
      cancelAnimationFrame(frame);
    };
  }, [picture, subscribe]);
  return <canvas className="dots" ref={canvas} aria-hidden="true" />;
}
