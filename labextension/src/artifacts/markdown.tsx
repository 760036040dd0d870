import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { MimeModel } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import { Problem } from '../pages/read';
import { messageOf } from '../errors';

const MIME = 'text/markdown';

/** What loads something by itself: who looks at a file would be seen elsewhere. */
const LOADING = 'img, picture, source, video, audio, svg, image, input, link, style, iframe, object, embed';

/**
 * A text in Markdown as JupyterLab draws it, that nobody trusts: no script, and nothing loaded from anywhere.
 */
export function Markdown({ rendermime, text }: { rendermime: IRenderMimeRegistry; text: string }): React.ReactElement {
  const host = React.useRef<HTMLDivElement>(null);
  const [problem, setProblem] = React.useState('');
  React.useEffect(() => {
    if (!host.current) {
      return undefined;
    }
    const renderer = rendermime.clone({ sanitizer: quiet(rendermime.sanitizer) }).createRenderer(MIME);
    Widget.attach(renderer, host.current);
    renderer.renderModel(new MimeModel({ data: { [MIME]: text }, trusted: false })).catch((reason: unknown) => {
      setProblem(messageOf(reason));
    });
    return () => {
      renderer.dispose();
    };
  }, [rendermime, text]);
  return (
    <>
      {problem ? <Problem text={problem} /> : null}
      <div ref={host} className="jp-AipFiles-markdown" tabIndex={0} />
    </>
  );
}

function quiet(sanitizer: IRenderMime.ISanitizer): IRenderMime.ISanitizer {
  return {
    sanitize: (dirty, options) => sanitizer.sanitize(withoutLoading(dirty), options),
    getAutolink: () => sanitizer.getAutolink?.() ?? true
  };
}

function withoutLoading(html: string): string {
  const { body } = new DOMParser().parseFromString(html, 'text/html'); // in it nothing runs or loads
  for (const element of body.querySelectorAll(LOADING)) {
    element.replaceWith(element.getAttribute('alt') ?? '');
  }
  for (const element of body.querySelectorAll('[style], [background], [ping]')) {
    for (const name of ['style', 'background', 'ping']) {
      element.removeAttribute(name);
    }
  }
  return body.innerHTML;
}
