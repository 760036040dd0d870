/**
 * Put a field's text on the clipboard; without leave to do so, it is selected.
 *
 * @returns whether it is on the clipboard.
 */
export async function copyText(input: HTMLInputElement): Promise<boolean> {
  input.focus();
  input.select();
  // Only there where the page came over TLS or from this machine.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  const isWritten = await clipboard?.writeText(input.value).then(
    () => true,
    () => false
  );
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way without TLS
  return isWritten === true || document.execCommand('copy');
}
