import './header.css';
import './tree.css';
import './kinds.css';
import './projects.css';
import './secret.css';
import './sessions.css';
import './output.css';
