// What a message says, by kind. Text only ever becomes text nodes.
import { Fragment, h } from "preact";
import type { Content, Media } from "../core/types";
import { emoticons } from "./emoticons";
import { FileIcon, LinkIcon, PinIcon } from "./icons";
import { bytes, linkify, mediaUrl, ownPicture, webAddress } from "./links";
import { enlarge } from "./Lightbox";
import { view } from "./view";

export function Body({ content }: { content: Content }) {
  const { t } = view;
  switch (content.kind) {
    case "text":
      return <Text text={content.text} />;
    case "image":
      return content.media ? <Picture media={content.media} /> : <Placeholder text={t.missing} />;
    case "voice":
      return content.media ? <Voice media={content.media} transcript={content.transcript} /> : <Placeholder text={t.missing} />;
    case "video":
      return content.media ? <Video media={content.media} thumbnail={content.thumbnail} /> : <Placeholder text={t.missing} />;
    case "file":
      return content.media ? <File media={content.media} /> : <Placeholder text={t.missing} />;
    case "location":
      return (
        <span class="bubble card">
          <span class="symbol">
            <PinIcon />
          </span>
          <span class="about">
            <b>{content.label || t.location}</b>
            <small>
              {content.latitude.toFixed(5)}, {content.longitude.toFixed(5)}
            </small>
          </span>
        </span>
      );
    case "link":
      return <Card title={content.title} description={content.description} url={content.url} />;
    case "news":
      return <Card title={content.title} description={content.description} url={content.url} picture={content.picture} />;
    default:
      return <Placeholder text={t.unknown} />;
  }
}

function Text({ text }: { text: string }) {
  return (
    <span class="bubble text">
      {linkify(text).map((part) =>
        typeof part === "string" ? (
          emoticons(part)
        ) : (
          <a href={part.url} target="_blank" rel="noopener noreferrer">
            {part.url}
          </a>
        ),
      )}
    </span>
  );
}

function Placeholder({ text }: { text: string }) {
  return <span class="bubble text placeholder">{text}</span>;
}

/** Addresses of pictures the browser could not read. */
const broken = new Set<string>();

function Picture({ media }: { media: Media }) {
  const { chat, server, t } = view;
  const own = mediaUrl(server, media.id);
  // A strict page may forbid `blob:` pictures; then the stored one is loaded. What cannot be read at all becomes words.
  const failed = (event: Event): void => {
    const image = event.currentTarget as HTMLImageElement;
    if (image.src !== own) image.src = own;
    else {
      broken.add(own);
      view.redraw();
    }
  };
  if (broken.has(own)) return <Placeholder text={`[${t.imageOf}]`} />;
  return (
    <button type="button" class="bubble picture" aria-label={t.view} data-testid="picture" onClick={() => enlarge(own)}>
      <img src={chat.previews.get(media.id) || own} alt={t.imageOf} onError={failed} />
    </button>
  );
}

function Voice({ media, transcript }: { media: Media; transcript?: string }) {
  const { server, t } = view;
  return (
    <span class="bubble player">
      <audio controls preload="none" src={mediaUrl(server, media.id)} aria-label={t.voice} />
      {transcript && <span class="transcript">{transcript}</span>}
    </span>
  );
}

function Video({ media, thumbnail }: { media: Media; thumbnail?: Media }) {
  const { server, t } = view;
  return (
    <span class="bubble player">
      <video
        controls
        playsInline
        preload="none"
        src={mediaUrl(server, media.id)}
        poster={thumbnail && mediaUrl(server, thumbnail.id)}
        aria-label={t.video}
      />
    </span>
  );
}

function File({ media }: { media: Media }) {
  const { server, t } = view;
  return (
    <a class="bubble card" href={`${mediaUrl(server, media.id)}?download`} target="_blank" rel="noopener noreferrer">
      <span class="symbol">
        <FileIcon />
      </span>
      <span class="about">
        <b>{media.name || t.file}</b>
        <small>
          {bytes(media.size)} · {t.download}
        </small>
      </span>
    </a>
  );
}

interface CardProps {
  title: string;
  description: string;
  url: string;
  picture?: string;
}

/** A page or product. A picture of another host is not fetched: it would tell that host who reads. */
function Card({ title, description, url, picture }: CardProps) {
  const { server } = view;
  const href = webAddress(url.startsWith("/") && !url.startsWith("//") ? server + url : url);
  const image = ownPicture(server, picture);
  const inside = (
    <>
      <span class="symbol">{image ? <img src={image} alt="" /> : <LinkIcon />}</span>
      <span class="about">
        <b>{title || url}</b>
        {description && <small>{description}</small>}
      </span>
    </>
  );
  if (!href) return <span class="bubble card">{inside}</span>;
  return (
    <a class="bubble card" href={href} target="_blank" rel="noopener noreferrer">
      {inside}
    </a>
  );
}
